#include "faults/volume_detach.h"

namespace faultline {

void VolumeDetach::break_volume(const Volume& disk) { disk.shut_down(Shutdown::keep); }

void VolumeDetach::when_detached(const std::string& server) { cluster().release(server); }

}  // namespace faultline
