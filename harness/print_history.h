// Prints a history for people.
#pragma once

#include <ostream>

#include "checkers/history.h"

namespace faultline {

// One line for each operation, at its invocation, and for each event, in order
// of time since the start of the run; before them what was run, after them how
// the file ends. Linear; nothing is held back.
void print_history(const History&, std::ostream&);

}  // namespace faultline
