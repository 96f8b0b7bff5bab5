#pragma once

#include "faults/volume_gone.h"

namespace faultline {

// power-loss: the broker's processes end by SIGKILL, and in the same moment its
// volume forgets what was not synced, as a disk does when its power is cut. The
// broker is held down; it comes back with what the disk has kept.
class PowerLoss : public VolumeGone {
 public:
  explicit PowerLoss(FaultContext context) : VolumeGone("power-loss", context) {}

 protected:
  void break_volume(const std::string& server) override;
};

}  // namespace faultline
