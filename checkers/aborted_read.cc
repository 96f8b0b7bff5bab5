#include "checkers/aborted_read.h"

#include <algorithm>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

// The first sends of a value; never: there is none.
struct Sends {
  Time refused = never;
  Time other = never;
  std::size_t refusal = 0;  // the operation

  // Whether only refused sends can have stored what was read by then.
  bool aborted(Time read) const { return refused <= read && read < other; }
};

Sends sends_of(const History& history, std::span<const Sighting> published) {
  Sends sends;
  for (const auto& publish : published) {
    const auto& operation = history.operations[publish.operation];
    if (operation.outcome != Outcome::fail) {
      sends.other = std::min(sends.other, operation.invoked);
    } else if (operation.invoked < sends.refused) {
      sends.refused = operation.invoked;
      sends.refusal = publish.operation;
    }
  }
  return sends;
}

}  // namespace

CheckResult check_aborted_read(const History& history) {
  CheckResult result;
  result.check = "aborted_read";
  std::uint64_t refused = 0, aborted = 0;
  const auto read = messages_read(history);
  for_each_value(publishes(history), read, [&](auto published, auto reads) {
    const auto sends = sends_of(history, published);
    const auto found = std::ranges::find_if(reads, [&](const Sighting& sighting) {
      return sends.aborted(history.operations[sighting.operation].completed);
    });
    const bool all_refused = !published.empty() && sends.other == never;
    refused += all_refused || found != reads.end();
    if (found == reads.end()) return;
    ++aborted;
    if (has_room(result))
      add_finding(result, history,
                  "value " + to_string(found->value) +
                      ", whose publish was refused, was read at sequence " +
                      std::to_string(found->sequence),
                  {sends.refusal, found->operation});
  });
  result.counts = {{"refused", refused}, {"aborted_reads", aborted}};
  result.reason = aborted > 0    ? of(aborted, refused) + " refused messages were read"
                  : refused == 0 ? "no publish was refused"
                                 : "no refused message was read";
  conclude(result, history, drained(history), aborted > 0, !read.empty());
  return result;
}

}  // namespace faultline
