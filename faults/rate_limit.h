#pragma once

#include <cstdint>
#include <map>
#include <mutex>

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
  Evidence look(const std::string& server) override;  // packets had to wait since the last
  void undo(const std::string& server) override;

 private:
  struct Struck {
    Place place;
    std::uint64_t waited = 0;
  };

  Struck& struck(const std::string& server);

  const std::string rate_;
  std::mutex mutex_;
  std::map<std::string, Struck> struck_;  // each is of one thread at a time
};

}  // namespace faultline
