// Duplicates: one value stored at two sequences, as judged reads saw it. A
// redelivery brings the same sequence again and is none; nor is a publish that
// was acknowledged as "duplicate", which stored nothing.
//
// Of a value that was sent again two copies may be one of a log that was lost and
// one of the log that came after. They are duplicates if both were there at one
// time: in the drain, or each was read after the other was known; and if they are
// more than the sends that may have stored something (not refused, nor acknowledged
// as "duplicate") and were invoked before the copies were known.
//
// Counts: values (distinct, read), duplicates (of those), extra_copies (more than
// the sends, or than one of those that were there together). Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_duplicate(const History&);

}  // namespace faultline
