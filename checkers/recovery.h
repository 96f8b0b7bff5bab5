// Recovery: are writes, reads and deliveries back in time, each by itself?
//
// The promised time counts from a moment:
//
//   quorum  when a quorum of the stream's replicas answered again (that nothing
//           is served below it is availability's business);
//   healed  when the last fault was seen undone on every server.
//
// Back means: something is served, by completion, within recover_within of the
// moment, and from then on until the drain without a gap longer than max_gap in
// which clients were trying. What was served since the healing began and before
// the moment counts as back after 0, provided that it goes on after it. Late or
// never is a fail; a
// run that ends, is interrupted, or goes over to its drain before the promised
// time has passed, or whose clients hardly tried, is unknown.
#pragma once

#include "checkers/history.h"
#include "checkers/traffic.h"
#include "checkers/verdict.h"

namespace faultline {

// Check "recovery.writes" and so on; not judged where nothing is promised,
// deliveries and reads not where nobody took part (takes_part).
// Count: recovered_after_ns, where it is known. Complexity: that of Traffic.
CheckResult check_recovery(const History&, Service);

}  // namespace faultline
