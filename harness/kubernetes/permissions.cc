#include "harness/kubernetes/permissions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/kubernetes/agent_pod.h"
#include "harness/kubernetes/guard.h"

namespace faultline {
namespace {

bool is_allowed(const TargetFile& target, const std::string& fault) {
  return std::ranges::find(target.faults, fault) != target.faults.end();
}

std::vector<Permission> permissions_of_agents(const TargetFile& target) {
  std::vector<std::string> faults;
  for (const char* one : faults_of_agents)
    if (is_allowed(target, one)) faults.emplace_back(one);
  if (!target.agent || faults.empty()) return {};
  std::vector<Permission> all;
  for (const char* verb : {"create", "get", "list", "delete"})
    all.push_back({verb, "", "pods", target.agent->namespace_name, "", faults});
  all.push_back({"get", "", "pods/log", target.agent->namespace_name, "", faults});
  return all;
}

}  // namespace

std::vector<Permission> permissions_for(const TargetFile& target) {
  const std::string& home = target.brokers.namespace_name;
  std::vector<Permission> all{
      {"list", "", "nodes", "", "", {}},
      {"get", "", "nodes", "", "", {}},
      {"get", "", "pods/proxy", home, "", {}},
      {"get", "", "pods/log", home, "", {}},
      {"get", "", "persistentvolumeclaims", home, "", {}},
      {"get", "", "persistentvolumes", "", "", {}},
      {"create", "coordination.k8s.io", "leases", home, "", {}},
      {"get", "coordination.k8s.io", "leases", home, lease_name, {}},
      {"update", "coordination.k8s.io", "leases", home, lease_name, {}},
      {"list", "", "configmaps", home, "", {}},
      {"create", "", "configmaps", home, "", {}},
      {"patch", "", "configmaps", home, "", {}},
      {"delete", "", "configmaps", home, "", {}},
      {"patch", "", "nodes", "", "", {}},
  };
  const bool deletes = is_allowed(target, "broker-kill") || is_allowed(target, "broker-stop");
  const bool drains = is_allowed(target, "worker-drain");
  std::set<std::string> namespaces;
  for (const AllowedPods& allowed : target.pods) namespaces.insert(allowed.namespace_name);
  for (const auto& one : namespaces) {
    all.push_back({"get", "", "namespaces", one, one, {}});  // the stop annotation
    all.push_back({"list", "", "pods", one, "", {}});
    all.push_back({"get", "", "pods", one, "", {}});
    if (deletes) all.push_back({"delete", "", "pods", one, "", {"broker-kill", "broker-stop"}});
    if (drains) all.push_back({"create", "", "pods/eviction", one, "", {"worker-drain"}});
  }
  if (drains) all.push_back({"list", "", "pods", "", "", {"worker-drain"}});
  for (const auto& one : permissions_of_agents(target)) all.push_back(one);
  return all;
}

std::string to_string(const Permission& permission) {
  return fmt::format("{} {}{}", permission.verb, permission.resource,
                     permission.namespace_name.empty() ? "" : " in " + permission.namespace_name);
}

bool is_granted(Kubernetes& api, const Permission& permission) {
  return api.allowed(permission.verb, permission.group, permission.resource,
                     permission.namespace_name, permission.name);
}

}  // namespace faultline
