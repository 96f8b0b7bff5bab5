// Where clusters come from: the one place that knows which providers and broker
// products there are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "faults/journal.h"
#include "harness/broker/broker.h"
#include "harness/cluster/cluster.h"
#include "harness/runner.h"

namespace faultline {

using Message = std::function<void(const std::string&)>;

struct Deployment {
  std::unique_ptr<Cluster> cluster;  // outlives the broker
  std::unique_ptr<Broker> broker;
};

// Serves all runs of a suite, one after the other.
class Provider {
 public:
  virtual ~Provider() = default;  // what it made for the suite is gone, unless to be kept

  // What it, or this machine, lacks for the scenario; empty if nothing. One line each.
  virtual std::vector<std::string> missing(const Scenario&) = 0;

  // The brokers of one run; they need not be ready yet. `journal` is the run's.
  // Throws ClusterError.
  virtual std::unique_ptr<Cluster> start_brokers(const BrokerProgram&, const Scenario&,
                                                 const RunOptions&, Journal& journal,
                                                 const Message&) = 0;
};

// What --keep, --reuse and the like say.
struct ProviderOptions {
  std::string name = "local";  // local or kind
  std::string cluster;         // its name; empty: a new one
  std::string node_image;      // of kind; empty: kind's own
  bool keep = false;           // the cluster stays after the suite
  bool reuse = false;          // one that was kept is used, and stays
};

std::unique_ptr<Provider> make_provider(const ProviderOptions&);

// What the user chose and the scenario sets go together, as far as can be told
// without installing anything. Throws ClusterError.
void check_broker_choice(const Scenario&, const RunOptions&);

Deployment deploy(Provider&, const Scenario&, const RunOptions&, Journal&, const Message&);

bool interrupted(const RunOptions&);  // Ctrl-C was pressed

}  // namespace faultline
