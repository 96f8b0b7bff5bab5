// From a target file to a cluster: the right one, or a refusal.
#pragma once

#include <string>

#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/api/lease.h"
#include "harness/kubernetes/guard.h"
#include "harness/kubernetes/target_file.h"

namespace faultline {

// Throws Refusal with the first of its problems.
TargetFile good_target_file(const std::filesystem::path&);

// Of the context that the file names. Throws Refusal: there is none, or it leads
// to another server; KubeconfigError.
ClusterAccess access_of(const TargetFile&);

// Options of clients: none of them is cancelled by Ctrl-C, since they heal.
KubernetesOptions read_only();      // throws Refusal for what changes something
KubernetesOptions guarded(Guard&);  // which must outlive the client
KubernetesOptions quick();          // read_only, and gives up soon

// The node that the harness runs on, and its pod; empty where it runs elsewhere.
struct OwnPlace {
  std::string node, pod;
};

// Throws Refusal where it runs in the cluster and cannot find out where.
OwnPlace own_place(Kubernetes& reader);

std::string host_name();

// Why it could not be removed; empty: it is gone.
std::string remove_stream(const TargetFile&, const std::string& stream);

}  // namespace faultline
