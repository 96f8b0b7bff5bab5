// The events of a history as a page tells them: each strike from its beginning to its end,
// and who led while which broker was there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "checkers/timeline.h"

namespace faultline {

// One strike. Absent where the history does not say.
struct Strike {
  std::uint32_t fault = 0;
  std::string name, target;
  std::vector<std::string> servers;
  Time striking = 0;
  std::optional<Time> seen;     // when it was proven, or found to be unproven
  bool proven = false;          // what was seen proves it
  std::optional<Time> looked;   // once more, right before it was undone
  bool held = false;            // what was seen then
  std::optional<Time> healing;  // the first step
  std::optional<Time> healed;   // the last step
  bool unhealed = false;
  std::vector<std::string> evidence, healing_evidence;  // in order, no repetition

  Time end(Time of_history) const { return healed.value_or(of_history); }
};

// In order of time.
std::vector<Strike> strikes(const History&);

// "proven, held, healed"; "not proven, lapsed, not healed".
std::string outcome_of(const Strike&);

struct BrokerStretches {
  std::vector<Interval> led;   // the stream
  std::vector<Interval> gone;  // from its exit until it was ready again
  std::size_t crashes = 0;     // exits that no fault did
};

// By server. Who is never named does not appear.
std::map<std::string, BrokerStretches> broker_stretches(const History&, Time end);

}  // namespace faultline
