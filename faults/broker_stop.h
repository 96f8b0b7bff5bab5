#pragma once

#include "faults/broker_down.h"

namespace faultline {

// broker-stop: the broker is asked to leave (SIGTERM), has 30 s for it, as a pod
// has in Kubernetes, and is held down.
class BrokerStop : public BrokerDown {
 public:
  explicit BrokerStop(FaultContext context) : BrokerDown("broker-stop", context) {}

 protected:
  void take_down(const std::string& server) override;
};

}  // namespace faultline
