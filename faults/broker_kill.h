#pragma once

#include "faults/broker_down.h"

namespace faultline {

// broker-kill: the broker's process ends at once (SIGKILL) and is held down.
class BrokerKill : public BrokerDown {
 public:
  explicit BrokerKill(FaultContext context) : BrokerDown("broker-kill", context) {}

 protected:
  void strike(const std::string& server) override;
};

}  // namespace faultline
