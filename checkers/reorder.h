// Reordered messages: publish `a` was acknowledged before publish `b` was
// invoked, yet `b` lies before `a` in the log. The sequence of a publish is the
// acknowledged one, or, where none is known, the lowest it was read at.
//
// A stream that was lost and started again hands out low sequences again, which
// is loss and no reordering. So `a` counts only if it was still there: a judged
// read brought it at its sequence, invoked after `b` was known to be stored.
// Sequences that went back without that are counted as `restarted`.
// Publishes acknowledged as "duplicate" stored nothing and are left out; so are
// those without a sequence that sent a value again, since what is stored may be
// what was sent before.
//
// Counts: publishes (with a known sequence), reordered, restarted.
// Complexity: O(n log n).
#pragma once

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

CheckResult check_reorder(const History&);

}  // namespace faultline
