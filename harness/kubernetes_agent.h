// A command inside a node of a cluster that exists, by a process of its own: so it can
// stand in a journal, and all that it asks of the cluster passes a guard.
#pragma once

#include <filesystem>
#include <string>

#include "harness/cluster/place.h"
#include "harness/cluster/program.h"
#include "harness/kubernetes/agent_pod.h"

namespace faultline {

struct AgentOrder {
  std::filesystem::path target;
  std::string holder;  // of the Lease, while the run is under way
  NodeCommand what;
};

// The command line of `faultline in-node` but for the command inside.
Place place_in_node(const AgentOrder&);

// What `faultline in-node` does. Whether the run is under way, and which nodes it may
// enter, is asked of the cluster: the Lease and the run's undo record say it. Throws
// ClusterError, KubernetesError, KubeconfigError.
ProgramEnd obey(const AgentOrder&);

}  // namespace faultline
