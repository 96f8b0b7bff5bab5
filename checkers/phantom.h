// Phantoms: messages that were read but never written, not written by this run,
// or read before their publish was invoked, be it refused: what was read after a
// refused one and before any other is an aborted read.
//
// Counts, in judged reads: reads, phantom, and of those never_written, foreign,
// early. Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_phantom(const History&);

}  // namespace faultline
