#include "checkers/corruption.h"

#include "checkers/observations.h"

namespace faultline {

CheckResult check_corruption(const History& history) {
  CheckResult result;
  result.check = "corruption";
  std::uint64_t reads = 0, corrupt = 0;
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const auto& operation = history.operations[i];
    if (!is_judged_read(operation) || operation.answer == Answer::absent) continue;
    ++reads;
    if (operation.answer != Answer::corrupt) continue;
    ++corrupt;
    add_finding(result, history,
                "the message at sequence " + std::to_string(operation.sequence) +
                    " does not match its checksum",
                {i});
  }
  result.counts = {{"reads", reads}, {"corrupt", corrupt}};
  result.reason = corrupt > 0 ? of(corrupt, reads) + " messages read do not match their checksum"
                              : "every message read matches its checksum";
  conclude(result, history, drained(history), corrupt > 0, reads > 0);
  return result;
}

}  // namespace faultline
