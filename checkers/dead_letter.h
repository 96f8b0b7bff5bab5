// Dead letters: the product keeps each message of a group that never acknowledges as a dead
// letter once it was delivered as often as the group allows, keeps no other, and counts no
// delivery beyond. Groups are those of the processes of the role "refusing"; without any it is
// not judged, nor where dead letters are not promised. That each message reaches the group at all
// is `delivery`'s to say, and what is lost is `lost`'s: the dead letter of a message that was
// acknowledged or read once, and is no more, is no violation here.
//
// How often clients saw a message is shown, and not judged: a broker may die between a delivery
// and its count, and a delivery may be on its way to a client that was cut off.
//
// Unknown where the drain did not finish, the group did not get everything, or nobody told what
// the dead letters are: until then a message need not be one. Unknown too where a sequence was
// used for two values: nobody can say of which the dead letter is. A delivery counted beyond the
// limit is a fail at once.
//
// Counts: stored, groups, dead_letters (of stored messages), missing (stored messages that are
// none), foreign (dead letters that never were a message), of_lost_messages, delivered_too_often
// (messages of which the broker counts more), seen_more_often, seen_less_often (dead letters whose
// last permitted delivery no client saw).
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_dead_letter(const History&);

}  // namespace faultline
