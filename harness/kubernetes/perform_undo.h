#pragma once

#include <chrono>

#include "harness/cluster/undo.h"

namespace faultline {

// Does what the record says, as far as it is not so already. False if there was
// nothing to do. Throws std::runtime_error: what could not be undone and why, in one
// line; the steps after it are tried all the same. A step has `effect_limit` to show
// its effect.
bool perform_undo(const Undo&, std::chrono::milliseconds effect_limit = std::chrono::seconds(30));

}  // namespace faultline
