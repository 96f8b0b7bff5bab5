// Replicas: what each server says of its own copy, recorded in the drain (the last
// word counts), must be equal and agree with the drain: on the first and the last
// sequence, and on how many messages there are and how many were deleted, but for
// what was deleted since it was drained. A server that cannot be reached, or a copy
// that is gone, stays behind or differs, is a finding. Servers without the stream are
// fine as long as as many hold it as it has replicas.
//
// Unknown where nothing was recorded, where the stream is gone everywhere (the
// loss is judged by `lost`), where the run was interrupted before the drain had
// finished, and where all copies are equal and longer than what was drained by no more
// messages than publishes with unknown outcome, of values that nobody saw, may have
// added since. Messages that the broker admits to have lost are a finding
// unless loss is not promised.
//
// Counts: servers, holding, unreachable, behind, differing, lost_admitted.
// Complexity: O(events + n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_replicas(const History&);

}  // namespace faultline
