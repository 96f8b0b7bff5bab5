// Offset consistency: one value per sequence, over acknowledgements and judged
// reads, and a value that was acknowledged at one sequence is not read back only
// at others. (One that is read at two sequences is a duplicate.) Kafka's
// "inconsistent offsets" in jepsen.tests.kafka.
//
// Where loss is not promised, a value that the finished drain no longer has
// claims no sequence: a stream that starts again hands out its sequences again.
//
// Counts: sequences, conflicting (with several values), moved (values).
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_offset_consistency(const History&);

}  // namespace faultline
