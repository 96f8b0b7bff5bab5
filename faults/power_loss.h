#pragma once

#include <map>
#include <mutex>

#include "faults/per_server_fault.h"

namespace faultline {

// power-loss: the broker's processes end by SIGKILL, and in the same moment its
// volume forgets what was not synced, as a disk does when its power is cut. The
// broker is held down; it comes back with what the disk has kept.
class PowerLoss : public PerServerFault {
 public:
  explicit PowerLoss(FaultContext context) : PerServerFault("power-loss", context) {}

 protected:
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;
  void undo(const std::string& server) override;

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> write_problem_;
};

}  // namespace faultline
