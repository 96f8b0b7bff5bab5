#pragma once

#include "faults/volume_gone.h"

namespace faultline {

// volume-detach: the broker's volume is gone: every access gives EIO at once, then,
// with every holder dead, it is unmounted and its device detached, cleanly: what
// was written is on it. Whoever restarts brokers may try, and does not succeed
// without it. Healed by what the failover page calls a manual restart of broker
// and volume: attached, mounted with its journal replayed, the broker started.
class VolumeDetach : public VolumeGone {
 public:
  explicit VolumeDetach(FaultContext context) : VolumeGone("volume-detach", context) {}

 protected:
  void break_volume(const std::string& server) override;
  void when_detached(const std::string& server) override;
};

}  // namespace faultline
