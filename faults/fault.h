// Something broken on purpose: injected, proven to be in effect, healed.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faults/journal.h"
#include "harness/broker/broker.h"
#include "harness/cluster/cluster.h"

namespace faultline {

struct Evidence {
  bool holds = false;
  std::string text;  // what was seen: "pid 4711 gone by signal 9, port 40123 refuses"
};

class Fault {
 public:
  virtual ~Fault() = default;

  virtual void inject(std::span<const std::string> servers) = 0;
  virtual Evidence verify() = 0;  // in effect on every server it was injected on
  virtual Evidence heal(const std::string& server) = 0;  // undone, and seen so
};

struct FaultContext {
  Cluster& cluster;
  Broker& broker;
  Journal& journal;
};

// Names as in docs/design.md. Throws std::invalid_argument for an unknown one.
std::unique_ptr<Fault> make_fault(std::string_view name, FaultContext);
std::vector<std::string> fault_names();

// What a provider must let one break.
bool needs_worker(std::string_view fault);
bool needs_volume(std::string_view fault);

}  // namespace faultline
