#pragma once

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

// The API's errors are the cluster's.
template <class Action>
auto asked(const Action& action) {
  try {
    return action();
  } catch (const KubernetesError& error) {
    throw ClusterError(error.what());
  } catch (const KubeconfigError& error) {
    throw ClusterError(error.what());
  }
}

}  // namespace faultline
