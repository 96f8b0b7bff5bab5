#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// partition: the targets' workers on one side, the others' on the other; packets
// between the sides are dropped, both ways, by rules in the targets' workers
// (harness/cluster/packet_rules.h). Clients reach both.
class Partition : public PerServerFault {
 public:
  explicit Partition(FaultContext context) : PerServerFault("partition", context) {}

 protected:
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // packets were dropped
  void undo(const std::string& server) override;

 private:
  std::vector<std::string> other_side() const;  // addresses
};

}  // namespace faultline
