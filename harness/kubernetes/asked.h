#pragma once

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

// Nobody answered, so nothing is known of what was asked.
struct ClusterUnreachable : ClusterError {
  using ClusterError::ClusterError;
};

// The API's errors are the cluster's.
template <class Action>
auto asked(const Action& action) {
  try {
    return action();
  } catch (const KubernetesError& error) {
    if (error.status == 0) throw ClusterUnreachable(error.what());
    throw ClusterError(error.what());
  } catch (const KubeconfigError& error) {
    throw ClusterError(error.what());
  }
}

}  // namespace faultline
