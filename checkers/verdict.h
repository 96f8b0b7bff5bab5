// What a checker says: a verdict with its evidence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/history.h"

namespace faultline {

// Ordered: a worse one outranks a better one.
enum class Verdict : std::uint8_t { pass, unknown, fail };

std::string_view to_string(Verdict);

// One thing that should not be: the two to four operations that conflict.
struct Finding {
  std::string what;  // one line: "value 3/17, acknowledged as 1204, is in no replica"
  std::vector<Operation> operations;
};

inline constexpr std::size_t max_samples = 8;  // findings kept per check; counts are exact

struct CheckResult {
  std::string check;  // "lost", "availability.writes", ...
  Verdict verdict = Verdict::unknown;
  bool judged = true;    // false: measured and shown, no part of the scenario's verdict
  std::string reason;    // one line, why
  std::string observed;  // availability.*: continue, pause or stop; lost: "none" or the count
  std::vector<std::pair<std::string, std::uint64_t>> counts;  // exact; durations in ns end in "_ns"
  std::vector<Finding> samples;                               // at most max_samples
};

}  // namespace faultline
