// The witness of a violation: a lane for each client, only the operations that matter.
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"
#include "harness/report/page/html.h"

namespace faultline {

// A table whose columns are the moments at which one of the operations began or ended, in
// order and not to scale, and whose rows are the clients; each operation spans its columns.
// Empty where the finding names no operation.
Html lanes(const Finding&, const History&);

}  // namespace faultline
