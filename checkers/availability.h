// Availability: were writes, reads and deliveries served as promised between
// the strike of the first fault and the beginning of its healing?
//
// Served are acknowledged publishes, leader reads (kind `read`) and deliveries
// that brought a message; the time of each is its completion. A gap is the time
// between two that follow one another; the first gap begins with the last one
// served before the strike, the last gap ends with the heal.
//
//   continue  no gap is longer than max_gap.
//   pause     no gap is longer than pause_gap, and the last one, which ends with
//             the heal, is no longer than max_gap: back before the heal.
//   stop      writes: no publish that was invoked while no quorum stood was
//             acknowledged while none stood. There is no settling time.
//             reads, deliveries: none completed while no quorum stood and more
//             than `settle` had passed since the last strike before.
//             While no quorum stands is Timeline::without_quorum. In that time
//             at least ten attempts must have been invoked, else the verdict is
//             unknown: publishes; reads of messages that exist, with a sequence
//             up to the greatest one acknowledged before; pull requests of a group
//             that had yet to get a message acknowledged before. While a minority
//             stands only those count that were sent to it, and if it stands for
//             longer than max_gap at least ten must have been. Unknown too where a
//             fault ended before the heal.
//
// A gap is a violation only if clients were trying for longer than the limit in
// it (traffic.h, with half of max_gap as patience); a gap in which they were not
// is unknown. A run that ends, or is interrupted, before the heal cannot pass, nor
// can `continue` or `pause` where strike and heal are no more than max_gap apart.
//
// The observed word comes from the same gaps, whatever is promised: "continue"
// if none is longer than max_gap, "pause" if the last one is not, else "stop". It
// is empty if strike and heal are too close together to say "continue", and where
// clients were hardly trying in a gap longer than max_gap.
#pragma once

#include "checkers/history.h"
#include "checkers/traffic.h"
#include "checkers/verdict.h"

namespace faultline {

// Check "availability.writes" and so on. Not judged where nothing is promised,
// deliveries and reads not where nobody took part (takes_part),
// nor for direct reads, which any replica may answer. Counts: longest_gap_ns
// and last_gap_ns between strike and heal; for each phase P: P.ok, P.length_ns
// and P.longest_gap_ns (within the phase). Complexity: that of Traffic.
CheckResult check_availability(const History&, Service);

}  // namespace faultline
