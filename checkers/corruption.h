// Corruption: a judged read brought a message whose checksum does not match.
//
// Counts: reads, corrupt. Complexity: O(n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_corruption(const History&);

}  // namespace faultline
