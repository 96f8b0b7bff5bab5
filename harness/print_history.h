// Prints a history for people.
#pragma once

#include <ostream>
#include <string>

#include "checkers/history.h"

namespace faultline {

// One line without control characters: "leaders: stream n1, metadata group n3".
std::string describe(const Event&);

// One line for each operation, at its invocation, and for each event, in order
// of time since the start of the run; before them what was run, after them how
// the file ends. Linear; nothing is held back.
void print_history(const History&, std::ostream&);

}  // namespace faultline
