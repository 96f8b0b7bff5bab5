#include "faults/volume_detach.h"

namespace faultline {

void VolumeDetach::break_volume(const std::string& server) {
  volume(server).shut_down(Shutdown::keep);
}

void VolumeDetach::when_detached(const std::string& server) { cluster().release(server); }

}  // namespace faultline
