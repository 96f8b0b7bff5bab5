// What the faults share that take a broker's volume away.
#pragma once

#include <string>

#include "faults/fault.h"
#include "harness/cluster/volume.h"

namespace faultline {

// Holds if a write to the volume failed with EIO before it was detached, and it
// is detached, and the broker does not answer.
Evidence volume_is_gone(Cluster&, const std::string& server, const Volume&,
                        const std::string& write_problem);

Undo undo_volume_gone(const Volume&, const std::string& server);

}  // namespace faultline
