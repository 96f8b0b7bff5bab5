#pragma once

#include <chrono>
#include <map>
#include <mutex>

#include "faults/per_server_fault.h"

namespace faultline {

// worker-drain: the machine under a broker is emptied by order, as before
// maintenance: it takes nothing new, and what runs there is asked to leave, as far
// as budgets allow. A broker whose volume is not bound to the machine may come back
// on another one. Where the scenario expects the budget to hold it off, that
// nobody had to leave within the limit is what is proven.
class WorkerDrain : public PerServerFault {
 public:
  WorkerDrain(FaultContext, const FaultOptions&);

 protected:
  std::string already(const std::string& server) override { return already_down(server); }
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;
  void undo(const std::string& server) override;

 private:
  FaultOptions options_;
  std::mutex mutex_;
  std::map<std::string, DrainReport> reports_;
};

}  // namespace faultline
