// What a run says of itself while it goes on: for the run, and for who watches it.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "checkers/history.h"

namespace faultline {

inline constexpr const char* judging_phase = "judging";  // the history is closed

// How long nothing was served; 0 up to a second: that is the ordinary distance between two
// operations.
std::chrono::milliseconds current_gap(Time last_served, Time run_begin, Time now);

// "broker-kill leader (n2)"
std::string fault_in_effect(std::string_view name, std::string_view target,
                            const std::set<std::string>& servers);

}  // namespace faultline
