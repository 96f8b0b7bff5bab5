#include "harness/kubernetes_heal.h"

#include <fmt/format.h>

#include <set>

#include "harness/kubernetes/agent_pod.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/guard.h"
#include "harness/kubernetes/undo_record.h"
#include "harness/kubernetes_access.h"

namespace faultline {
namespace {

void heal_one(Kubernetes& api, const LeftUndone& left, const RemoveStream& remove_stream,
              const HealNode& heal_node, HealReport& report) {
  const auto prefix = "run " + left.run + ": ";
  bool undone = true;
  const auto failed = [&](const std::string& what) {
    undone = false;
    report.failed.push_back(prefix + what);
  };
  for (const auto& node : left.nodes) try {
      if (uncordon(api, node, left.run))
        report.undone.push_back(prefix + "node " + node + " takes pods again");
    } catch (const std::exception& error) {
      failed(error.what());
    }
  for (const auto& node : left.entered) try {
      if (heal_node(api, left.run, node))
        report.undone.push_back(prefix + "node " + node + " drops no packets any more");
    } catch (const std::exception& error) {
      failed(error.what());
    }
  try {
    heal_node(api, left.run, "");
  } catch (const std::exception& error) {
    failed(error.what());
  }
  if (!left.stream.empty()) {
    const auto problem = remove_stream(left.stream);
    if (problem.empty())
      report.undone.push_back(prefix + "stream " + left.stream + " removed");
    else
      failed(fmt::format("the stream {} is not removed: {}", left.stream, problem));
  }
  if (!undone) return;
  remove_undo_record(api, left);
  report.undone.push_back(prefix + "its record removed from " + left.namespace_name +
                          ", nothing of it is left");
}

// What may be done without a target file: to heal.
TargetFile nothing_but_healing(const std::string& namespace_name,
                               const std::optional<Agent>& agent) {
  TargetFile target;
  target.file = "heal";
  target.brokers.namespace_name = namespace_name;
  target.agent = agent;
  return target;
}

void heal_namespace(const ClusterAccess& access, Kubernetes& reader,
                    const std::string& namespace_name, const std::optional<Agent>& agent,
                    const RemoveStream& remove_stream,
                    const std::function<void(const std::string&)>& message, HealReport& report) {
  Guard guard(nothing_but_healing(namespace_name, agent), reader, {});
  Kubernetes api(access, guarded(guard));
  Lease lease(api, namespace_name, lease_name, "heal on " + host_name());
  auto holder = lease.try_take();
  if (holder) {
    message(fmt::format("waiting up to 30 s to see whether {} is alive", holder->identity));
    holder = lease.take();
  }
  if (holder) {
    report.live.push_back(
        fmt::format("{} in {}, since {}", holder->identity, namespace_name, holder->since));
    return;
  }
  const auto healed = heal_records(api, namespace_name, remove_stream, by_agent(agent));
  report.undone.insert(report.undone.end(), healed.undone.begin(), healed.undone.end());
  report.failed.insert(report.failed.end(), healed.failed.begin(), healed.failed.end());
}

}  // namespace

HealNode by_agent(const std::optional<Agent>& agent) {
  return [agent](Kubernetes& api, const std::string& run, const std::string& node) {
    if (node.empty()) return agent && remove_agents(api, *agent, run);
    if (agent) return heal_node(api, *agent, run, node);
    throw ClusterError(
        fmt::format("an agent acted in the node {}: name the target file with --target, whose "
                    "spec.agent says which image can heal it",
                    node));
  };
}

HealReport heal_records(Kubernetes& api, const std::string& namespace_name,
                        const RemoveStream& remove_stream, const HealNode& heal_node) {
  HealReport report;
  for (const LeftUndone& left : read_undo_records(api, namespace_name)) try {
      heal_one(api, left, remove_stream, heal_node, report);
    } catch (const std::exception& error) {
      report.failed.push_back("run " + left.run + ": " + error.what());
    }
  return report;
}

HealReport heal_cluster(const HealPlace& place,
                        const std::function<void(const std::string&)>& message) {
  ClusterAccess access;
  std::optional<Agent> agent;
  RemoveStream remove = [](const std::string&) -> std::string {
    return "name the target file with --target, which says how to reach the brokers";
  };
  std::string only = place.namespace_name;
  if (!place.target.empty()) {
    const TargetFile target = good_target_file(place.target);
    access = access_of(target);
    agent = target.agent;
    only = target.brokers.namespace_name;
    remove = [target](const std::string& stream) { return remove_stream(target, stream); };
  } else {
    access = place.kubeconfig.empty() ? default_cluster_access(place.context)
                                      : read_kubeconfig(place.kubeconfig, place.context);
  }
  Kubernetes reader(access, read_only());
  std::set<std::string> namespaces;
  for (const LeftUndone& left : read_undo_records(reader, only))
    namespaces.insert(left.namespace_name);
  HealReport report;
  for (const auto& one : namespaces)
    heal_namespace(access, reader, one, agent, remove, message, report);
  if (agent) try {
      Guard guard(nothing_but_healing(only, agent), reader, {});
      Kubernetes api(access, guarded(guard));
      for (const auto& name : remove_old_agents(api, *agent))
        report.undone.push_back("pod " + agent->namespace_name + "/" + name + " removed");
    } catch (const std::exception& error) {
      report.failed.push_back("agents that have ended: " + std::string(error.what()));
    }
  return report;
}

}  // namespace faultline
