// Exports a history for other checkers: JSON Lines, one operation a line.
#pragma once

#include <ostream>

#include "checkers/history.h"

namespace faultline {

// Publishes and leader reads (read, drain_read) as the model "log":
//
//   {"model":"log","ops":2,"clients":2,"keys":1,"run_id":"...","left_out":0}
//   {"c":1,"f":"app","s":0,"e":1,"v":1,"o":0}
//   {"c":4,"f":"read","s":2,"e":3,"o":0,"v":1}
//
// c: process. s, e: ranks of invocation and response among all of them, from 0;
// an invocation comes before a response of the same time. e is -1 where the
// outcome is unknown. o: sequence - 1. v: a number of its own for each Value,
// the publishes' in order of invocation from 1; -1: nothing at this sequence. Where the
// stream has several partitions, keys says how many, and k of which one it is, from 0.
//
// Left out: refused publishes (they did not happen, but keep their number, so
// that a read of one shows), unanswered reads (they constrain nothing), and
// `left_out` counts answers that the model cannot say: corrupt, foreign, or
// without a sequence. Complexity: O(n log n).
void write_jsonl(const History&, std::ostream&);

}  // namespace faultline
