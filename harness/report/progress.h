// What a run says of itself while it goes on: for the run, and for who watches it.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "checkers/history.h"
#include "harness/runner.h"

namespace faultline {

inline constexpr const char* judging_phase = "judging";  // the history is closed

// How long nothing was served; 0 up to a second: that is the ordinary distance between two
// operations.
std::chrono::milliseconds current_gap(Time last_served, Time run_begin, Time now);

// "broker-kill leader (n2), broker-pause follower-1 (n3)"
std::string in_words(std::span<const FaultInEffect>);

}  // namespace faultline
