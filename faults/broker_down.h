// What all faults share that take brokers down and hold them there.
#pragma once

#include <string>

#include "faults/per_server_fault.h"

namespace faultline {

// A derived fault says only, by strike(), how one broker goes down.
class BrokerDown : public PerServerFault {
 public:
  using PerServerFault::PerServerFault;

 protected:
  std::string already(const std::string& server) final { return already_down(server); }
  Evidence look(const std::string& server) final;  // process gone, client port refuses
  void undo(const std::string& server) final;
};

}  // namespace faultline
