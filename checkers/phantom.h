// Phantoms: messages that were read but never written, not written by this run,
// or read before their publish was invoked.
//
// Counts, in judged reads: reads, phantom, and of those never_written, foreign,
// early. Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_phantom(const History&);

}  // namespace faultline
