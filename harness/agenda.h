// When each fault of a scenario's timeline strikes, and which of them end before
// the heal.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "harness/scenario.h"

namespace faultline {

struct PlannedStrike {
  const FaultStep* step;  // of the scenario, which must outlive it
  std::chrono::milliseconds at;
  std::chrono::milliseconds end;  // of the fault phase where it lasts until the heal
};

// In order of the file, each step's repetitions one after the other. The place in
// this list is the fault's index in the history.
std::vector<PlannedStrike> planned_strikes(const Scenario&);

struct Moment {
  std::chrono::milliseconds at;
  std::uint32_t fault;  // index in planned_strikes()
  bool ends = false;    // else it strikes
};

// In order of time. What ends goes before what strikes in the same moment, and of
// what ends together the later strike goes first.
std::vector<Moment> agenda(const Scenario&);

// The beginning of the heal, as planned: the end of the fault phase, or of the last fault.
std::chrono::milliseconds planned_heal(const Scenario&);

}  // namespace faultline
