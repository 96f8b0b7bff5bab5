#pragma once

#include "faults/metadata_fault.h"

namespace faultline {

// metadata-down: the processes of the database beside the brokers end at once (SIGKILL), and it
// is started again at the heal, with its data.
class MetadataDown : public MetadataFault {
 public:
  explicit MetadataDown(FaultContext context) : MetadataFault("metadata-down", context) {}

 protected:
  void strike() override;
  Evidence look() override;  // there is no process, nobody accepts a connection
  void undo() override;
};

}  // namespace faultline
