#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// worker-stop: the machine under a broker is gone at once, with all that ran on
// it, and comes back with its volumes.
class WorkerStop : public PerServerFault {
 public:
  explicit WorkerStop(FaultContext context) : PerServerFault("worker-stop", context) {}

 protected:
  std::string already(const std::string& server) override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // the worker has exited, nobody answers
  void undo(const std::string& server) override;
};

}  // namespace faultline
