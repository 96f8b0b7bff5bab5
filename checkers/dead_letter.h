// Dead letters: a group that never acknowledges gets each message as often as it allows, and no
// more; then the product keeps it as a dead letter, and keeps no other. Groups are those of the
// processes of the role "refusing"; without any it is not judged, nor where dead letters are not
// promised. That each message reaches the group at all is `delivery`'s to say.
//
// Unknown where the drain did not finish, the group did not get everything, or nobody told what
// the dead letters are: until then a message need not be one. A delivery too many is a fail at
// once.
//
// Counts: stored, groups, dead_letters (of stored messages), missing (stored messages that are
// none), foreign (dead letters that are no stored message), delivered_too_often (messages that
// came more often, as seen or as the broker counts).
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_dead_letter(const History&);

}  // namespace faultline
