#include "harness/kubernetes_agent.h"

#include <algorithm>

#include "harness/kubernetes/object.h"
#include "harness/kubernetes/undo_record.h"
#include "harness/kubernetes_access.h"

namespace faultline {
namespace {

std::string holder_of_lease(Kubernetes& reader, const std::string& namespace_name) {
  const auto lease =
      reader.find(resource_path("coordination.k8s.io/v1", namespace_name, "leases", lease_name));
  return lease ? text_at(*lease, "/spec/holderIdentity") : "";
}

// The faults of the run are known to the harness alone, which has refused all that are
// not allowed.
std::vector<std::string> allowed_faults_of_agents(const TargetFile& target) {
  std::vector<std::string> faults;
  std::ranges::copy_if(target.faults, std::back_inserter(faults), [](const std::string& fault) {
    return std::ranges::find(faults_of_agents, fault) != faults_of_agents.end();
  });
  return faults;
}

// Tells the guard what the run told the cluster.
void begin_as_recorded(Guard& guard, Kubernetes& reader, const TargetFile& target,
                       const std::string& run) {
  for (const LeftUndone& record : read_undo_records(reader, target.brokers.namespace_name)) {
    if (record.run != run) continue;
    guard.begin_run(run, allowed_faults_of_agents(target));
    for (const auto& node : record.entered) guard.undo_is_kept(node), guard.is_entered(node);
    for (const auto& node : record.nodes) guard.is_entered(node);  // cordoned: counts as well
  }
}

}  // namespace

Place place_in_node(const AgentOrder& order) {
  return {order.what.node,
          // Whoever reads it in a journal is this program, wherever it lies by then.
          {"/proc/self/exe", "in-node", "--target", std::filesystem::absolute(order.target),
           "--run", order.what.run, "--holder", order.holder, order.what.node, "--"}};
}

ProgramEnd obey(const AgentOrder& order) {
  const TargetFile target = good_target_file(order.target);
  if (!target.agent)
    throw Refusal("refused: there is no spec.agent in " + order.target.string() +
                  ", so nothing is done inside a node");
  const ClusterAccess access = access_of(target);
  Kubernetes reader(access, read_only());
  const auto& home = target.brokers.namespace_name;
  const bool strikes = !heals(order.what.command);
  GuardOptions options;
  if (strikes) options.own_node = own_place(reader).node;
  options.lease_is_held = [&] {
    return !order.holder.empty() && holder_of_lease(reader, home) == order.holder;
  };
  Guard guard(target, reader, options);
  if (strikes) begin_as_recorded(guard, reader, target, order.what.run);
  Kubernetes api(access, guarded(guard));
  return run_in_node(api, *target.agent, order.what);
}

}  // namespace faultline
