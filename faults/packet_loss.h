#pragma once

#include "faults/chain_fault.h"

namespace faultline {

// packet-loss: so many percent of the packets that come into its worker, and of those
// that leave it, are dropped at random; those of its monitoring are spared.
class PacketLoss : public ChainFault {
 public:
  PacketLoss(FaultContext, const FaultOptions&);

 protected:
  std::vector<std::string> rules(const std::string& server) const override;
  Evidence look(const std::string& server) override;

 private:
  const double percent_;
};

}  // namespace faultline
