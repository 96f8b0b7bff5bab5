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

std::string fault_in_effect(std::string_view name, std::string_view target,
                            const std::set<std::string>& servers) {
  return fmt::format("{} {} ({})", name, target, fmt::join(servers, ", "));
}

}  // namespace faultline
