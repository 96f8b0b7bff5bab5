#include "harness/kubernetes_agent.h"

#include <algorithm>

#include "harness/cluster/packet_rules.h"
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

std::optional<LeftUndone> record_of(Kubernetes& reader, const std::string& namespace_name,
                                    const std::string& run) {
  for (LeftUndone& record : read_undo_records(reader, namespace_name))
    if (record.run == run) return std::move(record);
  return {};
}

// Tells the guard what the run told the cluster.
void begin_as_recorded(Guard& guard, const LeftUndone& record) {
  guard.begin_run(record.run, record.faults);
  for (const auto& node : record.entered) guard.undo_is_kept(node), guard.is_entered(node);
  for (const auto& node : record.nodes) guard.is_cordoned(node);
}

// Without a record somebody has healed the run: a chain is another's, which may live.
void refuse_chain_of_others(Kubernetes& reader, const std::string& home, const AgentOrder& order) {
  const auto refuse = [&](const std::string& why) {
    throw ClusterError("the node " + order.what.node + " drops packets, and " + why +
                       ": 'faultline heal', when no run is under way");
  };
  const auto holder = holder_of_lease(reader, home);
  if (!holder.empty() && holder != order.holder) refuse("another run may be under way");
  try {
    for (const LeftUndone& record : read_undo_records(reader, ""))
      if (std::ranges::find(record.entered, order.what.node) != record.entered.end())
        refuse("the run " + record.run + " has entered it");
  } catch (const KubernetesError& error) {
    refuse(std::string("it cannot be told for which run: ") + error.what());
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
  const auto record = record_of(reader, home, order.what.run);
  if (order.what.command == drop_no_more() && !record) refuse_chain_of_others(reader, home, order);
  if (strikes && record) begin_as_recorded(guard, *record);
  Kubernetes api(access, guarded(guard));
  return run_in_node(api, *target.agent, order.what);
}

}  // namespace faultline
