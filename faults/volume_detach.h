#pragma once

#include <map>
#include <mutex>

#include "faults/per_server_fault.h"

namespace faultline {

// volume-detach: the broker's volume is gone: every access gives EIO at once, then,
// with every holder dead, it is unmounted and its device detached, cleanly: what
// was written is on it. Whoever restarts brokers may try, and does not succeed
// without it. Healed by what the failover page calls a manual restart of broker
// and volume: attached, mounted with its journal replayed, the broker started.
class VolumeDetach : public PerServerFault {
 public:
  explicit VolumeDetach(FaultContext context) : PerServerFault("volume-detach", context) {}

 protected:
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // EIO was seen, the volume is away
  void undo(const std::string& server) override;

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> write_problem_;  // while it was there, but shut down
};

}  // namespace faultline
