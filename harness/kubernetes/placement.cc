#include "harness/kubernetes/placement.h"

#include <algorithm>

#include "harness/kubernetes/object.h"

namespace faultline {
namespace {

using nlohmann::json;

bool holds(const json& value, const json& wanted) {
  return wanted.is_array() && std::ranges::find(wanted, value) != wanted.end();
}

// One of matchExpressions; what it cannot judge it takes for met.
bool meets(const Labels& labels, const json& expression) {
  const auto label = labels.find(expression.value("key", ""));
  const auto wanted = expression.value("values", json::array());
  const std::string how = expression.value("operator", "");
  if (how == "In") return label != labels.end() && holds(label->second, wanted);
  if (how == "NotIn") return label == labels.end() || !holds(label->second, wanted);
  if (how == "Exists") return label != labels.end();
  if (how == "DoesNotExist") return label == labels.end();
  return true;
}

bool meets_all(const Labels& labels, const json& term) {
  return std::ranges::all_of(list_at(term, "/matchExpressions"),
                             [&](const json& one) { return meets(labels, one); });
}

// nodeSelectorTerms: one of them is enough.
bool meets_one(const Labels& labels, const json& selector) {
  const auto terms = list_at(selector, "/nodeSelectorTerms");
  return terms.empty() ||
         std::ranges::any_of(terms, [&](const json& term) { return meets_all(labels, term); });
}

bool tolerates(const json& pod, const json& taint) {
  return std::ranges::any_of(list_at(pod, "/spec/tolerations"), [&](const json& one) {
    const std::string key = one.value("key", ""), effect = one.value("effect", "");
    if (!key.empty() && key != taint.value("key", "")) return false;
    if (!effect.empty() && effect != taint.value("effect", "")) return false;
    return one.value("operator", "Equal") == "Exists" ||
           one.value("value", "") == taint.value("value", "");
  });
}

bool lets_in(const json& node, const json& pod) {
  return std::ranges::all_of(list_at(node, "/spec/taints"), [&](const json& taint) {
    return taint.value("effect", "") == "PreferNoSchedule" || tolerates(pod, taint);
  });
}

bool selects(const json& selector, const Labels& labels) {
  const json exact = at(selector, "/matchLabels");
  if (exact.is_object())
    for (const auto& [name, value] : exact.items()) {
      const auto found = labels.find(name);
      if (found == labels.end() || value != found->second) return false;
    }
  return meets_all(labels, selector);
}

// A node with one of these is closed to the pod.
bool is_repelled(const json& pod, const std::string& node, const std::vector<json>& others) {
  for (const json& rule : list_at(
           pod, "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution")) {
    if (rule.value("topologyKey", "") != "kubernetes.io/hostname") continue;
    for (const json& other : others)
      if (at(other, "/spec/nodeName") == node && name_of(other) != name_of(pod) &&
          selects(at(rule, "/labelSelector"), labels_of(other)))
        return true;
  }
  return false;
}

bool suits(const json& pod, const json& node, const std::vector<json>& others,
           const std::vector<json>& volumes) {
  const auto labels = labels_of(node);
  if (at(node, "/spec/unschedulable") == true || !lets_in(node, pod)) return false;
  const json selector = at(pod, "/spec/nodeSelector");
  if (selector.is_object())
    for (const auto& [name, value] : selector.items()) {
      const auto found = labels.find(name);
      if (found == labels.end() || value != found->second) return false;
    }
  const json wanted =
      at(pod, "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution");
  if (wanted.is_object() && !meets_one(labels, wanted)) return false;
  const bool reachable = std::ranges::all_of(volumes, [&](const json& volume) {
    const json required = at(volume, "/spec/nodeAffinity/required");
    return !required.is_object() || meets_one(labels, required);
  });
  return reachable && !is_repelled(pod, name_of(node), others);
}

}  // namespace

std::vector<std::string> other_nodes_for(const json& pod, const std::vector<json>& nodes,
                                         const std::vector<json>& others,
                                         const std::vector<json>& volumes) {
  std::vector<std::string> names;
  for (const json& node : nodes)
    if (at(pod, "/spec/nodeName") != name_of(node) && suits(pod, node, others, volumes))
      names.push_back(name_of(node));
  return names;
}

std::vector<json> volumes_of(Kubernetes& api, const json& pod) {
  std::vector<json> volumes;
  const auto namespace_name = pod["metadata"].value("namespace", "");
  for (const json& volume : list_at(pod, "/spec/volumes")) try {
      const json claim = at(volume, "/persistentVolumeClaim/claimName");
      if (!claim.is_string()) continue;
      const auto bound =
          at(api.get(resource_path("v1", namespace_name, "persistentvolumeclaims", claim)),
             "/spec/volumeName");
      if (bound.is_string())
        volumes.push_back(api.get(resource_path("v1", "", "persistentvolumes", bound)));
    } catch (const KubernetesError& error) {
      if (error.status != 403 && error.status != 404) throw;
    }
  return volumes;
}

}  // namespace faultline
