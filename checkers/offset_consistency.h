// Offset consistency: one value per sequence, over acknowledgements and judged
// reads, and a value that was acknowledged at one sequence is not read back only
// at others. (One that is read at two sequences is a duplicate.) Kafka's
// "inconsistent offsets" in jepsen.tests.kafka.
//
// Where loss is not promised, a stream may start again and hand out its sequences
// again. Then a value that the finished drain no longer has claims no sequence; one
// that was sent again, so that it may be in two logs, claims none but where the drain
// has it, and need not be where it was acknowledged. Without a finished drain a
// sequence with several values is unknown.
//
// Counts: sequences, conflicting (with several values), moved (values).
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_offset_consistency(const History&);

}  // namespace faultline
