#pragma once

#include "faults/chain_fault.h"

namespace faultline {

// clients-cut: packets of the broker's client port are dropped in its worker, both ways.
// The other brokers and its monitoring reach it as before.
class ClientsCut : public ChainFault {
 public:
  explicit ClientsCut(FaultContext);

 protected:
  std::string already(const std::string& server) override;
  std::vector<std::string> rules(const std::string& server) const override;
  Evidence look(const std::string& server) override;
};

}  // namespace faultline
