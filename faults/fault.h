// Something broken on purpose: injected, proven to be in effect, healed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faults/journal.h"
#include "faults/partition_shape.h"
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

  // Whom it hits, to be injected on, where the scenario names these. For most the same.
  virtual std::vector<std::string> aim(std::span<const std::string> targets) {
    return {targets.begin(), targets.end()};
  }
  virtual void inject(std::span<const std::string> servers) = 0;  // throws ClusterError
  // In effect on every server it was injected on. Asked right after it, and once
  // more before the heal, unless it is a passing one.
  virtual Evidence verify() = 0;  // throws ClusterError
  // On these of them, which are not healed yet; of a fault that has no part on each: the same.
  virtual Evidence verify_on(std::span<const std::string> /*servers*/) { return verify(); }

  // Healing is two steps, since another fault may still hold the server: what was
  // done to it is undone, and it is seen to answer again.
  virtual Evidence lift(const std::string& server) = 0;  // its errors are in the evidence
  virtual Evidence see_healed(const std::string& server) = 0;  // waits; throws AddressTaken

  Evidence heal(const std::string& server) {
    const Evidence lifted = lift(server);
    return lifted.holds ? see_healed(server) : lifted;
  }
};

struct FaultContext {
  Cluster& cluster;
  Broker& broker;
  Journal& journal;
  std::uint64_t seed = 0;               // of what is left to chance
  std::chrono::seconds healed_by{600};  // after the strike, where all goes as planned
};

// What a scenario says of one fault besides its name.
struct FaultOptions {
  // worker-drain
  std::chrono::milliseconds within{120'000};  // a drain that is not complete then gives up
  bool held_off = false;  // a budget is expected to let nobody go: that is what is proven

  // leader-churn
  std::chrono::milliseconds interval{2'000};  // between two step-downs
  // bit-flip, truncate
  DataFile files = DataFile::block;  // the kind of file that is damaged
  // bit-flip
  std::uint32_t flips = 2;
  PartitionShape shape = PartitionShape::isolated;   // partition
  double percent = 10;                               // packet-loss: of all packets
  std::string rate = "1mbit";                        // rate-limit: as tc writes it
  // packet-delay: a round trip, more or less; metadata-slow: how long it stands still each time
  std::chrono::milliseconds delay{100};
  std::chrono::milliseconds jitter{50};  // packet-delay
  // control-request
  std::string subject = {}, body = {};
  bool succeeds = false;  // a reply that says an error proves nothing
};

// What a provider must be able to do for a fault.
enum class Needs {
  nothing,     // brokers that can be ended and held down
  process,     // a way to the broker's process
  supervisor,  // somebody who restarts a broker that ended
  drain,       // machines that are emptied by order
  worker,      // a way into the machines
  kubelet,     // a way into machines of Kubernetes
  volume,      // volumes that can be broken
  metadata,    // a database beside the brokers
  network,     // machines that are network namespaces, with eth0 for their broker alone
};

struct FaultKind {
  std::string_view name;  // as in docs/design.md
  Needs needs;
  bool takes_down;  // whom it hits serves nobody until it is healed
  bool passing;     // over by itself: nothing is held until it is healed
  bool answers = false;  // it takes down, but the harness is still answered: counted as standing
};

const FaultKind* find_fault_kind(std::string_view name);  // null: there is none

// Both throw std::invalid_argument for an unknown name.
const FaultKind& fault_kind(std::string_view name);
std::unique_ptr<Fault> make_fault(std::string_view name, FaultContext, const FaultOptions& = {});
std::vector<std::string> fault_names();

}  // namespace faultline
