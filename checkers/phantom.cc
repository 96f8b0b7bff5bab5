#include "checkers/phantom.h"

#include <algorithm>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

struct Counts {
  std::uint64_t reads = 0, never_written = 0, foreign = 0, early = 0;
  std::uint64_t phantom() const { return never_written + foreign + early; }
};

void count_foreign(const History& history, Counts& counts, CheckResult& result) {
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const auto& operation = history.operations[i];
    if (!is_judged_read(operation) || operation.answer != Answer::foreign) continue;
    ++counts.reads;
    ++counts.foreign;
    add_finding(result, history,
                "sequence " + std::to_string(operation.sequence) +
                    " holds a message that this run did not write",
                {i});
  }
}

void count_ours(const History& history, Counts& counts, CheckResult& result) {
  const auto invoked = [&](const Sighting& publish) {
    return history.operations[publish.operation].invoked;
  };
  for_each_value(publishes(history), messages_read(history), [&](auto published, auto reads) {
    const auto first = std::ranges::min_element(published, {}, invoked);
    for (const auto& read : reads) {
      ++counts.reads;
      const auto what = [&](const char* text) {
        return "value " + to_string(read.value) + " was read at sequence " +
               std::to_string(read.sequence) + text;
      };
      if (published.empty()) {
        ++counts.never_written;
        add_finding(result, history, what(", but never published"), {read.operation});
      } else if (history.operations[read.operation].completed < invoked(*first)) {
        ++counts.early;
        add_finding(result, history, what(" before it was published"),
                    {read.operation, first->operation});
      }
    }
  });
}

}  // namespace

CheckResult check_phantom(const History& history) {
  CheckResult result;
  result.check = "phantom";
  Counts counts;
  count_foreign(history, counts, result);
  count_ours(history, counts, result);
  result.counts = {{"reads", counts.reads},
                   {"phantom", counts.phantom()},
                   {"never_written", counts.never_written},
                   {"foreign", counts.foreign},
                   {"early", counts.early}};
  result.reason = counts.phantom() > 0 ? of(counts.phantom(), counts.reads) +
                                             " reads brought what nobody had published"
                                       : "everything that was read had been published";
  conclude(result, history, drained(history), counts.phantom() > 0, counts.reads > 0);
  return result;
}

}  // namespace faultline
