#pragma once

#include <string>
#include <vector>

#include "faults/fault.h"

namespace faultline {

// worker-stop: the machine under a broker is gone at once, with all that ran on
// it, and comes back with its volumes.
class WorkerStop : public Fault {
 public:
  explicit WorkerStop(FaultContext context) : context_(context) {}

  void inject(std::span<const std::string> servers) override;
  Evidence verify() override;  // the worker has exited, nobody answers
  Evidence heal(const std::string& server) override;

 private:
  FaultContext context_;
  std::vector<std::string> servers_;
};

}  // namespace faultline
