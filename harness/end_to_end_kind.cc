#include "harness/end_to_end_kind.h"

#include "harness/cluster/program.h"
#include "harness/cluster/testing.h"
#include "harness/kubernetes/kind.h"

namespace faultline::end_to_end {

std::vector<std::string> KindTestCluster::run(const Results& results,
                                              const std::string& below_scenarios) const {
  return {"run",
          scenario(below_scenarios).string(),
          "--provider",
          "kind",
          "--cluster",
          name_,
          "--reuse",
          "--results",
          results.path().string()};
}

std::string KindTestCluster::in_node(const std::string& node, const std::string& script) const {
  return output_of({"docker", "exec", node, "sh", "-c", script});
}

std::string KindTestCluster::kubectl(const std::string& arguments) const {
  return in_node(name_ + "-control-plane",
                 "kubectl --kubeconfig /etc/kubernetes/admin.conf " + arguments);
}

std::string KindTestCluster::leftovers() const {
  std::string left =
      kubectl("get namespaces,persistentvolumes -o name -l app.kubernetes.io/managed-by=faultline");
  left += kubectl("get nodes -o name --field-selector spec.unschedulable=true");
  for (const auto& [node, state] : kind_nodes(name_)) {
    if (state != "running") {
      left += node + " is " + state + "\n";
      continue;
    }
    left += in_node(node, "grep /var/lib/faultline/ /proc/mounts || true");
    left += in_node(
        node, "ls -A /var/lib/faultline/*.img /var/lib/faultline-shared/* 2>/dev/null || true");
    left += in_node(node, "iptables -w -t raw -S | grep FAULTLINE || true");
    left += in_node(node, "systemctl is-active --quiet kubelet || echo no kubelet");
  }
  return left;
}

bool KindTestCluster::becomes_clean() const {
  return testing::eventually([this] { return leftovers().empty(); });
}

}  // namespace faultline::end_to_end
