// All checks on one history, and the scenario's verdict. Each partition of the stream is
// judged by itself (checkers/partitions.h).
#pragma once

#include <string>
#include <vector>

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

struct Judgement {
  Verdict verdict = Verdict::unknown;  // fail outranks unknown outranks pass, over judged checks
  std::string summary;                 // one line: "fail: lost 1204 of 9876 acknowledged (12 %)"
  std::vector<CheckResult> checks;     // in a fixed order
  bool interrupted = false;

  const CheckResult* find(std::string_view check) const;
};

// Pure: the same history gives the same judgement. Complexity: near-linear in
// the number of operations, times that of partitions.
Judgement judge(const History&);

}  // namespace faultline
