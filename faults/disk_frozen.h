#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// disk-frozen: every write to the broker's volume hangs, as on a disk that does not
// answer; then they go on.
class DiskFrozen : public PerServerFault {
 public:
  explicit DiskFrozen(FaultContext context) : PerServerFault("disk-frozen", context) {}

 protected:
  std::string already(const std::string& server) override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // a write does not return
  void undo(const std::string& server) override;
};

}  // namespace faultline
