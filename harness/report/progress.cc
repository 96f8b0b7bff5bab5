#include "harness/report/progress.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace faultline {

using std::chrono::milliseconds;

milliseconds current_gap(Time last_served, Time run_begin, Time now) {
  constexpr milliseconds noticeable{1000};
  const milliseconds length{(now - std::max(last_served, run_begin)) / millisecond};
  return length > noticeable ? length : milliseconds{0};
}

std::string in_words(std::span<const FaultInEffect> faults) {
  std::vector<std::string> words;
  for (const FaultInEffect& one : faults)
    words.push_back(fmt::format("{} {} ({})", one.fault, one.target, fmt::join(one.servers, ", ")));
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace faultline
