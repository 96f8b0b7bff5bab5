// What all faults share that take brokers down and hold them there.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "faults/per_server_fault.h"

namespace faultline {

// A derived fault says only how one broker goes down.
class BrokerDown : public PerServerFault {
 public:
  using PerServerFault::PerServerFault;

 protected:
  virtual void take_down(const std::string& server) = 0;

  void strike(const std::string& server) final;
  Evidence look(const std::string& server) final;  // process gone, client port refuses
  void undo(const std::string& server) final;

 private:
  std::mutex mutex_;
  std::set<std::string> already_down_;
};

}  // namespace faultline
