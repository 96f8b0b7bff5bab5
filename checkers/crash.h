// Crash: a broker that exits by itself, with no fault that did it.
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

// Unknown where the history says nothing of any broker. Complexity: O(events).
CheckResult check_crash(const History&);

}  // namespace faultline
