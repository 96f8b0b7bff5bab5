// A command inside a node of a cluster that exists: one short-lived privileged pod of
// the agent's image (kind-config/agent), pinned to the node, gone afterwards.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/cluster/program.h"
#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/target_file.h"

namespace faultline {

inline constexpr const char* agent_name_prefix = "faultline-agent-";

// Which use it where there is one; broker-kill also works without.
inline constexpr std::array faults_of_agents{"partition", "broker-crash", "broker-kill"};

struct NodeCommand {
  std::string run, node;
  std::vector<std::string> command;
};

nlohmann::json agent_pod(const Agent&, const NodeCommand&, const std::string& name);

// What such a pod does. Empty if it is not, to the letter, one that agent_pod made.
std::optional<NodeCommand> read_agent_pod(const Agent&, const nlohmann::json& pod);
bool is_agent_pod(const nlohmann::json& pod);

// Whether the command only heals, or looks whether it is healed: those of undo_drop.
bool heals(const std::vector<std::string>& command);

// SIGKILL to a container, and the command's container; empty: it kills none.
std::vector<std::string> kill_container(const std::string& id, const std::string& pod_uid = "");
std::string container_to_kill(const std::vector<std::string>& command);

// Its exit status and what it wrote, as output if that is 0, else as errors. One that
// heals waits until no acting agent of its run is left on the node, and succeeds where
// there is no such node any more. Throws KubernetesError, and ClusterError: a pod that
// does not run, or not to its end.
ProgramEnd run_in_node(Kubernetes&, const Agent&, const NodeCommand&);

// The node drops no packets, and no agent of the run is there. False if there was
// nothing to do. Throws as run_in_node.
bool heal_node(Kubernetes&, const Agent&, const std::string& run, const std::string& node);

// Agents of a dead run, in whatever node. Whether there were any. Throws KubernetesError.
bool remove_agents(Kubernetes&, const Agent&, const std::string& run);

// Those that ended long ago, of whatever run: nobody reads their end any more. Returns
// their names. Throws KubernetesError.
std::vector<std::string> remove_old_agents(Kubernetes&, const Agent&);

}  // namespace faultline
