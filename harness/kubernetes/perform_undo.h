#pragma once

#include "harness/cluster/undo.h"

namespace faultline {

// Does what the record says, as far as it is not so already. False if there was
// nothing to do. Throws std::runtime_error: what could not be undone and why; the
// steps after it are tried all the same.
bool perform_undo(const Undo&);

}  // namespace faultline
