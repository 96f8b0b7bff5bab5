#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// worker-pause: nothing on the machine under a broker goes on, and then goes on as
// if no time had passed: a virtual machine that stalls.
class WorkerPause : public PerServerFault {
 public:
  explicit WorkerPause(FaultContext context) : PerServerFault("worker-pause", context) {}

 protected:
  std::string already(const std::string& server) override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // the worker is paused, nobody answers
  void undo(const std::string& server) override;
};

}  // namespace faultline
