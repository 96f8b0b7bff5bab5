// What a run of a scenario would do, told before it does anything.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "harness/scenario.h"

namespace faultline {

// From the first strike's preparation to the end of the drain, at most.
std::chrono::milliseconds longest(const Scenario&);

// How many brokers are down at the same time, at most.
std::size_t most_at_once(const Scenario&);

// How long writes may be stopped by what the scenario does; 0: a quorum stands.
std::chrono::milliseconds longest_outage(const Scenario&);

// The timeline, line by line. `whom` says who may be hit as a target, by name,
// and what is done to them.
std::string timeline(const Scenario&, const std::function<std::string(const FaultStep&)>& whom);

}  // namespace faultline
