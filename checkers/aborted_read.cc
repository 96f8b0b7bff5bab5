#include "checkers/aborted_read.h"

#include <algorithm>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {

CheckResult check_aborted_read(const History& history) {
  CheckResult result;
  result.check = "aborted_read";
  std::uint64_t refused = 0, aborted = 0;
  const auto read = messages_read(history);
  for_each_value(publishes(history), read, [&](auto published, auto reads) {
    const bool all_failed = std::ranges::all_of(published, [&](const Sighting& publish) {
      return history.operations[publish.operation].outcome == Outcome::fail;
    });
    if (published.empty() || !all_failed) return;
    ++refused;
    if (reads.empty()) return;
    ++aborted;
    if (has_room(result))
      add_finding(result, history,
                  "value " + to_string(reads.front().value) +
                      ", whose publish was refused, was read at sequence " +
                      std::to_string(reads.front().sequence),
                  {published.front().operation, reads.front().operation});
  });
  result.counts = {{"refused", refused}, {"aborted_reads", aborted}};
  result.reason = aborted > 0    ? of(aborted, refused) + " refused messages were read"
                  : refused == 0 ? "no publish was refused"
                                 : "no refused message was read";
  conclude(result, history, drained(history), aborted > 0, !read.empty());
  return result;
}

}  // namespace faultline
