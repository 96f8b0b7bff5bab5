// Aborted reads: the publish was certainly refused, yet its value was read
// (Adya's G1a). Of a value that was sent again a read is aborted if it ended before
// any send was invoked that was not refused; one that ended before all sends is a
// phantom. A value that another publish may have written is none; an acknowledgement
// that says "duplicate" is no refusal.
//
// Counts, in values: refused (by every send, or by every one before it was read),
// aborted_reads. Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_aborted_read(const History&);

}  // namespace faultline
