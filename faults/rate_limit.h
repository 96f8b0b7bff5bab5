#pragma once

#include <string>

#include "faults/per_server_fault.h"

namespace faultline {

// rate-limit: what leaves its worker waits until the rate allows it; answers of its
// monitoring do not (harness/cluster/traffic_control.h).
class RateLimit : public PerServerFault {
 public:
  RateLimit(FaultContext context, const FaultOptions& options)
      : PerServerFault("rate-limit", context), rate_(options.rate) {}

 protected:
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // packets wait
  void undo(const std::string& server) override;

 private:
  const std::string rate_;
};

}  // namespace faultline
