// Delivery: by the end of a finished drain every message in the stream has
// reached each consumer group at least once, at its sequence. Groups are those
// of the processes that say they belong to one; without any it is not judged. A
// group that is gone for good fails; one that did not catch up is unknown.
//
// Counts: stored, groups, undelivered (sum over groups), redeliveries (the same
// message to the same group again), delivered_after_ack (a redelivery that came
// after the broker confirmed the ack; allowed, so only counted).
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_delivery(const History&);

}  // namespace faultline
