#include "harness/kubernetes/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace faultline {
namespace {

using nlohmann::json;

std::string full_name(const json& pod) {
  return text_at(pod, "/metadata/namespace") + "/" + name_of(pod);
}

}  // namespace

std::string why_not_pod(const TargetFile& target, const json& pod) {
  const auto own = text_at(pod, "/metadata/namespace");
  std::string wanted;
  for (const AllowedPods& allowed : target.pods) {
    if (allowed.namespace_name != own) continue;
    if (carries(allowed.labels, labels_of(pod))) return "";
    wanted += (wanted.empty() ? "" : " or ") + selector_text(allowed.labels);
  }
  if (wanted.empty()) return fmt::format("the namespace '{}' is not listed in allow.pods", own);
  return fmt::format("the pod {} does not carry {} (allow.pods)", full_name(pod), wanted);
}

std::string why_not_node(const TargetFile& target, const json& node,
                         const std::vector<json>& pods_on_it, const std::string& own_node) {
  const auto name = name_of(node);
  const auto labels = labels_of(node);
  if (name == own_node)
    return fmt::format("faultline itself runs on the node {}: run it elsewhere", name);
  for (const char* role :
       {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})
    if (labels.contains(role)) return fmt::format("the node {} is a control plane", name);
  if (at(node, "/spec/unschedulable") == true)
    return fmt::format(
        "the node {} takes no pods already, by somebody else's doing: uncordon it, "
        "or wait",
        name);
  if (!node_is_ready(node)) return fmt::format("the node {} is not Ready", name);
  if (!target.nodes.empty())
    return carries(target.nodes, labels)
               ? ""
               : fmt::format("the node {} does not carry {} (allow.nodes)", name,
                             selector_text(target.nodes));
  const bool hosts_one = std::ranges::any_of(
      pods_on_it, [&](const json& pod) { return why_not_pod(target, pod).empty(); });
  return hosts_one ? ""
                   : fmt::format(
                         "the node {} hosts no pod of allow.pods, and allow.nodes does not "
                         "name it",
                         name);
}

std::string why_not_drain(const TargetFile& target, const std::vector<json>& pods_on_it) {
  for (const json& pod : pods_on_it) {
    if (stays_in_a_drain(pod)) continue;
    if (const auto problem = why_not_pod(target, pod); !problem.empty())
      return "a drain would evict a pod that may not be hit: " + problem;
    if (controller_of(pod).empty())
      return fmt::format("a drain would remove the pod {} for good: nothing makes it anew",
                         full_name(pod));
    if (keeps_data_on_the_node(pod))
      return fmt::format("a drain would destroy the data of the pod {}: it has an emptyDir",
                         full_name(pod));
  }
  return "";
}

}  // namespace faultline
