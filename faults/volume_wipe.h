#pragma once

#include "faults/per_server_fault.h"

namespace faultline {

// volume-wipe: the broker is held down, and when it comes back its volume is a
// new one, with nothing on it.
class VolumeWipe : public PerServerFault {
 public:
  explicit VolumeWipe(FaultContext context) : PerServerFault("volume-wipe", context) {}

 protected:
  std::string already(const std::string& server) override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // down, and nothing is on the volume
  void undo(const std::string& server) override;
};

}  // namespace faultline
