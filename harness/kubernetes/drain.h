// A node emptied as `kubectl drain` does it: by evictions, which respect budgets
// (kubernetes.io/docs/tasks/administer-cluster/safely-drain-node,
// kubectl/pkg/drain).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

struct DrainOptions {
  std::chrono::milliseconds limit{60'000};  // then it gives up
  bool unmanaged = false;  // pods without a controller may go too: nobody makes them again
  bool empty_dir = false;  // so may pods with emptyDir volumes: what is on them goes along
  std::chrono::milliseconds pause{1'000};  // between two attempts
  std::function<bool()> cancelled = {};
};

struct DrainOutcome {
  std::vector<std::string> gone;      // "namespace/pod": evicted, and no longer there
  std::vector<std::string> left;      // evicted or not, still there at the end
  std::vector<std::string> held_off;  // of those: a budget refused their eviction to the end
  std::string refusal;                // the budget's last words
  bool complete() const { return left.empty(); }
};

// For evidence: who left, who did not, what held them off.
std::string describe(const DrainOutcome&, const std::string& node, std::chrono::milliseconds limit);

// Evicts every pod of a node that is cordoned already, but for mirror pods, those
// of a DaemonSet, and those that have ended. All evictions are asked for at once;
// one that a budget refuses (429) is asked for again until the limit. A pod is gone
// when its name is, or has another uid. Throws ClusterError before the first
// eviction where a pod may not go, KubernetesError where the API server refuses.
DrainOutcome drain_node(Kubernetes&, const std::string& node, const DrainOptions& = {});

}  // namespace faultline
