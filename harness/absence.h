// When a stream that is not found has been so for long enough to be gone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "harness/broker/broker.h"
#include "harness/cluster/cluster.h"

namespace faultline {

// A stream, of one partition, that has been "not found" for a minute, with every broker up and the
// metadata group led, will not come back (docs/scenarios.md, loss).
class Absence {
 public:
  static constexpr std::chrono::seconds is_final_after{60};

  Absence(Cluster& cluster, Broker& broker, std::uint32_t partition)
      : cluster_(cluster), broker_(broker), partition_(partition) {}

  bool is_final();  // asks the brokers, at most once a second

 private:
  bool absent_now();

  Cluster& cluster_;
  Broker& broker_;
  std::uint32_t partition_;
  std::chrono::steady_clock::time_point last_look_{};
  std::optional<std::chrono::steady_clock::time_point> absent_since_;
  bool final_ = false;
};

}  // namespace faultline
