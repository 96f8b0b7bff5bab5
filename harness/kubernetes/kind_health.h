// Whether a kind cluster that Faultline made can serve a run, and what puts it right.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/kind.h"

namespace faultline {

// The one file system that a run makes in each worker.
inline constexpr const char* volume_image = "/var/lib/faultline/volume.img";
inline constexpr const char* volume_mount_point = "/var/lib/faultline/volume";

struct Defect {
  std::string what;              // "faultline-worker2 is paused"
  std::function<void()> repair;  // empty: only waiting may help
};

// Of what a run needs or the run before left: containers, kubelets, the API server,
// nodes, namespaces and volumes of runs, faultline-agent, rules of partitions. In
// the order in which to repair; empty if the cluster is clean.
std::vector<Defect> defects_of(const KindCluster&, Kubernetes&);

// Starts and unpauses what is not running of the cluster; asks Docker only.
void wake_kind_nodes(const std::string& cluster,
                     const std::function<void(const std::string&)>& told);

// Repairs, and waits, until no defect is left. Returns what is still wrong at the
// end of the limit; empty if nothing. Throws ClusterError where `cancelled`.
std::string make_clean(const KindCluster&, Kubernetes&, std::chrono::seconds limit,
                       const std::function<void(const std::string&)>& told,
                       const std::function<bool()>& cancelled);

// Undone when nothing of the worker's volume is left.
UndoStep undo_volume(const std::string& worker);

}  // namespace faultline
