#pragma once

#include <map>
#include <mutex>

#include "faults/per_server_fault.h"

namespace faultline {

// broker-crash: the broker's process ends by SIGKILL, and whoever runs brokers
// here starts it again: Kubernetes does, within a second or two. Over by itself.
class BrokerCrash : public PerServerFault {
 public:
  explicit BrokerCrash(FaultContext context) : PerServerFault("broker-crash", context) {}

 protected:
  std::string already(const std::string& server) override { return already_down(server); }
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // another process runs than before
  void undo(const std::string&) override {}

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> before_;  // server -> process
};

}  // namespace faultline
