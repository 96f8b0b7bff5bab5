// A scenario whose faults strike at another age of the stream.
#pragma once

#include <string>

#include "harness/scenario.h"

namespace faultline {

// The same text with this spec.timeline.steady, such as "120s", and with "-at-120s" after its
// name: what is run is what is recorded. `problems` says what cannot be.
LoadedScenario at_age(const Scenario&, const std::string& age);

// The age that at_age() gave; empty: as its file says.
std::string chosen_age(const Scenario&);

// The name in its file.
std::string own_name(const Scenario&);

}  // namespace faultline
