// The one place that knows which providers and broker products there are.
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

struct Deployment {
  std::unique_ptr<Cluster> cluster;  // outlives the broker
  std::unique_ptr<Broker> broker;
};

// What the user chose and the scenario sets go together, as far as can be told
// without installing anything. Throws ClusterError.
void check_broker_choice(const Scenario&, const RunOptions&);

// Servers run afterwards, but need not be ready yet. Throws ClusterError.
Deployment deploy(const Scenario&, const RunOptions&, Journal&,
                  const std::function<void(const std::string&)>& message);

}  // namespace faultline
