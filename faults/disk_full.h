#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// disk-full: not a byte is free on the broker's volume; then the space returns.
class DiskFull : public PerServerFault {
 public:
  explicit DiskFull(FaultContext context) : PerServerFault("disk-full", context) {}

 protected:
  std::string already(const std::string& server) override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // a write gives ENOSPC
  void undo(const std::string& server) override;
};

}  // namespace faultline
