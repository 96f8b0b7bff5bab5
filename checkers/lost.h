// Lost messages: acknowledged, absent from the finished drain. Matched by value,
// since a stream that starts again hands out its sequences again; a message that
// comes back corrupt is lost too. A stream that is gone lost everything.
//
// Counts, in values: acknowledged, read (of those), lost, and where in its
// producer's run each lost one lies: lost_beginning before the first value of
// that producer that was read back, lost_middle between, lost_end after the
// last, lost_whole where nothing of that producer was read back (after Jepsen's
// prefix, middle, postfix; jepsen-io/nats). recovered: outcome unknown, yet read.
// Without a finished drain the lost_* counts are left out and it is unknown.
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_lost(const History&);

}  // namespace faultline
