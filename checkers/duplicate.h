// Duplicates: one value stored at two sequences, as judged reads saw it. A
// redelivery brings the same sequence again and is none; nor is a publish that
// was acknowledged as "duplicate", which stored nothing. Of a value that was sent
// again two copies count only if both were there at one time: in the drain, or each
// was read after the other was known; else one may be of a log that was lost.
//
// Counts: values (distinct, read), duplicates (of those), extra_copies.
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_duplicate(const History&);

}  // namespace faultline
