// Aborted reads: the publish was certainly refused, yet its value was read
// (Adya's G1a). A value that another publish may have written is none.
//
// Counts, in values: refused, aborted_reads. Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_aborted_read(const History&);

}  // namespace faultline
