#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// broker-pause: the broker's process stands still (SIGSTOP), its connections stay
// open, and it then goes on as if no time had passed (SIGCONT).
class BrokerPause : public PerServerFault {
 public:
  explicit BrokerPause(FaultContext context) : PerServerFault("broker-pause", context) {}

 protected:
  std::string already(const std::string& server) override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // its process is stopped, nobody answers
  void undo(const std::string& server) override;
};

}  // namespace faultline
