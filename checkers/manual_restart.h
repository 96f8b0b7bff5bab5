// Manual restart: does a struck broker stay away until somebody restarts it, and
// come back then? (The failover page: "The affected broker and PV require a
// manual restart.")
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

// Check "manual_restart". Not judged unless `manual_restart: required`. A fault that
// was seen lapsed before the heal is a fail, and so is a server that the restart
// did not bring back; where nobody looked before the heal, it is unknown.
// Count: held_ns, from proven to the look. Complexity: O(events).
CheckResult check_manual_restart(const History&);

}  // namespace faultline
