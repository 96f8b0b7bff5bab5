#include "checkers/duplicate.h"

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {

CheckResult check_duplicate(const History& history) {
  CheckResult result;
  result.check = "duplicate";
  std::uint64_t values = 0, duplicates = 0, extra = 0;
  for_each_value({}, messages_read(history), [&](auto, auto reads) {
    ++values;
    std::uint64_t copies = 1;
    const auto* second = &reads.front();
    for (std::size_t i = 1; i < reads.size(); ++i) {
      if (reads[i].sequence == reads[i - 1].sequence) continue;
      if (++copies == 2) second = &reads[i];
    }
    if (copies == 1) return;
    ++duplicates;
    extra += copies - 1;
    if (has_room(result))
      add_finding(result, history,
                  "value " + to_string(reads.front().value) + " is stored as sequence " +
                      std::to_string(reads.front().sequence) + " and as " +
                      std::to_string(second->sequence),
                  {reads.front().operation, second->operation});
  });
  result.counts = {{"values", values}, {"duplicates", duplicates}, {"extra_copies", extra}};
  result.reason = duplicates > 0 ? of(duplicates, values) + " values are stored more than once"
                                 : "no value was read at two sequences";
  conclude(result, history, drained(history), duplicates > 0, values > 0);
  return result;
}

}  // namespace faultline
