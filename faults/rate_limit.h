#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "faults/per_server_fault.h"
#include "harness/cluster/place.h"

namespace faultline {

// rate-limit: what leaves its worker waits until the rate allows it; answers of its
// monitoring do not (harness/cluster/traffic_control.h).
class RateLimit : public PerServerFault {
 public:
  RateLimit(FaultContext context, const FaultOptions& options)
      : PerServerFault("rate-limit", context), rate_(options.rate) {}

 protected:
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // packets wait
  void undo(const std::string& server) override;

 private:
  std::optional<Place> struck(const std::string& server);

  const std::string rate_;
  std::mutex mutex_;
  std::map<std::string, Place> places_;  // of the workers that were struck
};

}  // namespace faultline
