#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// kubelet-stop: Kubernetes' own agent on a worker stops. What runs there goes on,
// but Kubernetes holds the worker for lost, and replaces its pods when it is back.
class KubeletStop : public PerServerFault {
 public:
  explicit KubeletStop(FaultContext context) : PerServerFault("kubelet-stop", context) {}

 protected:
  std::string already(const std::string& server) override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // systemd says "inactive"
  void undo(const std::string& server) override;
};

}  // namespace faultline
