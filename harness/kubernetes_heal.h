// Undoes what killed runs left in a cluster, from the records they kept there.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "faults/journal.h"
#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/target_file.h"

namespace faultline {

// Removes a stream. Empty: done; else why not.
using RemoveStream = std::function<std::string(const std::string& stream)>;

// What agents of a run did in a node. False: there was nothing to undo. Throws
// ClusterError, KubernetesError. Without a node: the agents that the run has left are
// removed; they do no harm, so nothing is thrown where no agent is known.
using HealNode = std::function<bool(Kubernetes&, const std::string& run, const std::string& node)>;
HealNode by_agent(const std::optional<Agent>&);

// For somebody who holds the Lease of that namespace, so that every record there
// is one of a dead run. Goes on past what cannot be undone, whose record stays.
HealReport heal_records(Kubernetes&, const std::string& namespace_name, const RemoveStream&,
                        const HealNode&);

struct HealPlace {
  std::filesystem::path target;      // or
  std::filesystem::path kubeconfig;  // empty: as kubectl finds it
  std::string context;               // empty: the current one
  std::string namespace_name;        // empty: all
};

// From anywhere. Records of a run that lives are not touched. Throws ClusterError,
// KubernetesError, KubeconfigError.
HealReport heal_cluster(const HealPlace&, const std::function<void(const std::string&)>& message);

}  // namespace faultline
