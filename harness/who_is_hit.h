// Whom the faults of a scenario hit, before it is run and anybody leads: how many replicas may
// be down, and which faults may meet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "harness/scenario.h"

namespace faultline {

// Names for so many servers: n1 leads, n2, n3, ... follow.
std::vector<std::string> stand_ins(std::uint32_t count);

// Which of the stand-ins for the replicas; empty where the target is nobody.
std::set<std::string> hit_by(const Scenario&, const FaultStep&);

// A name that is wrong is taken for a fault that takes down, and lasts.
bool passing(const FaultStep&);    // over by itself
bool seen_down(const FaultStep&);  // whoever is hit is not counted as standing

std::chrono::milliseconds last_strike(const FaultStep&);  // after the fault phase begins

// So many replicas are seen down before the heal, whoever is meant by roles and numbers.
std::size_t surely_down(const Scenario&);

// The most replicas that may be down at the same time. Where somebody else may lead by then, a
// role may mean others than before. Complexity: O(strikes^2).
std::size_t most_down_at_once(const Scenario&);

// Whether both may be in effect at the same time on the same worker.
bool may_meet(const Scenario&, const FaultStep&, const FaultStep&);

}  // namespace faultline
