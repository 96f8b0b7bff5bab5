// What all faults share that take brokers down and hold them there.
#pragma once

#include <string>
#include <vector>

#include "faults/fault.h"

namespace faultline {

// A derived fault says only how one broker goes down. Brokers go down at the
// same time, not one after the other.
class BrokerDown : public Fault {
 public:
  BrokerDown(std::string name, FaultContext);

  void inject(std::span<const std::string> servers) override;
  Evidence verify() override;                         // process gone, client port refuses
  Evidence heal(const std::string& server) override;  // started, answers its monitoring endpoint

 protected:
  virtual void take_down(const std::string& server) = 0;
  Cluster& cluster() { return context_.cluster; }

 private:
  Evidence verify(const std::string& server);

  std::string name_;
  FaultContext context_;
  std::vector<std::string> servers_;
  std::vector<std::string> already_down_;
};

}  // namespace faultline
