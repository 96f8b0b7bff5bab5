#pragma once

#include "faults/metadata_fault.h"

namespace faultline {

// metadata-frozen: the processes of the database beside the brokers stand still (SIGSTOP), its
// connections stay open, and it then goes on as if no time had passed (SIGCONT).
class MetadataFrozen : public MetadataFault {
 public:
  explicit MetadataFrozen(FaultContext context) : MetadataFault("metadata-frozen", context) {}

 protected:
  void strike() override;
  Evidence look() override;  // its processes are stopped, a query is not answered
  void undo() override;
};

}  // namespace faultline
