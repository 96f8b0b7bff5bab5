#pragma once

#include <chrono>

#include "faults/broker_down.h"

namespace faultline {

// broker-stop: the broker is asked to leave (SIGTERM), has 30 s for it, as a pod
// has in Kubernetes, and is held down. One that had to be killed is no evidence.
class BrokerStop : public BrokerDown {
 public:
  explicit BrokerStop(FaultContext context, std::chrono::seconds grace = std::chrono::seconds(30))
      : BrokerDown("broker-stop", context), grace_(grace) {}

 protected:
  void strike(const std::string& server) override;

 private:
  std::chrono::seconds grace_;
};

}  // namespace faultline
