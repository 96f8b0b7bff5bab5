// Linearizability of the log: is there one order of all appends and reads that
// agrees with real time and in which every answer is right?
//
// Appends are publishes; reads are `read` and `drain_read`, which go through
// the stream's leader. Direct reads, deliveries and acks take no part.
//
// The acknowledgement says where an append stands in the log, so every sequence
// i has a release r_i (nothing stands there before: the call of its publish,
// and of every read that found nothing at i) and a deadline d_i (it stands
// there by then: the acknowledgement, and the answer of every read that found
// it). The history is linearizable iff for every i the greatest r_j, j <= i, is
// at most d_i. A publish with unknown outcome that was read is pinned to its
// sequence, without a deadline of its own; one that nobody saw may stand in a
// hole, a sequence below the last known one that nobody holds. A hole takes the
// candidate called first, from left to right: later holes accept whatever
// earlier ones do. Reference: reference/checkers.md 2.1; exact, see the test.
//
// At equal times the invocation comes before the response. A read that brought
// a corrupt or foreign message says only that something stands there. An
// acknowledgement that says "duplicate", or that names no sequence, pins
// nothing. Sequences count from 1.
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

// Unknown where nothing was acknowledged or nothing was read, and where one
// value was published twice. Judged only where the scenario requires it.
// Complexity: O(n log n) for the sorting, else linear; O(n) memory.
CheckResult check_linearizability(const History&);

}  // namespace faultline
