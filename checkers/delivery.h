// Delivery: by the end of a finished drain every message in the stream has
// reached each consumer group at least once, at its sequence. Groups are those
// of the processes that say they belong to one; without any it is not judged. A
// group that is gone for good fails; one that did not catch up is unknown. What the
// product keeps as a dead letter of a group that refuses was tried as often as it
// may be: it need not have been seen.
//
// Counts: stored, groups, undelivered (sum over groups), dead_letters_unseen (which
// never reached the group that refuses, and are no violation), redeliveries (the same
// message to the same group again), delivered_after_ack (a redelivery that came
// after the broker confirmed the ack; allowed, so only counted).
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_delivery(const History&);

}  // namespace faultline
