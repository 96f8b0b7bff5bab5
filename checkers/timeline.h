// The stretches of a run that the checkers judge by, taken from its events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/history.h"

namespace faultline {

struct Interval {  // [begin, end)
  Time begin = 0;
  Time end = 0;
  bool contains(Time t) const { return begin <= t && t < end; }
};

// Absent where the history does not say.
struct Timeline {
  Time start = 0;                                        // first record
  Time end = 0;                                          // last record
  std::vector<std::pair<std::string, Interval>> phases;  // in order
  std::optional<Time> strike;                            // the first fault is about to be injected
  std::optional<Time> proven;                            // the last fault is seen in effect
  bool all_proven = false;                               // no fault is unproven, or lapsed
  std::optional<Time> heal;  // the end of the fault phase: the first fault that lasted until then
                             // is about to be undone; where none did, the last of all
  bool ends_before_heal = false;  // a fault was undone before
  std::optional<Time> healed;     // the last fault is seen undone, on every server it hit
  std::vector<Interval>
      without_quorum;  // from "proven" until the heal step that brings a quorum begins
  std::vector<Time> quorum_regained;  // when a quorum answered again

  const Interval* phase(std::string_view name) const;  // the first of that name, or null
};

// A server that is being healed counts as standing from the moment its step
// begins: nothing that a quorum may have done is ever held to have happened
// without one; nor where a fault lapsed, which may have been at any moment, and from then
// on until the next strike. Complexity: O(operations + events).
Timeline timeline(const History&);

}  // namespace faultline
