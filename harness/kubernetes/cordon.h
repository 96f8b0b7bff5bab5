// Nodes that take no pods, and whose doing that is.
#pragma once

#include <string>

#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

// Marks the node unschedulable, in the name of a run. False if it was so
// already: then it is somebody else's, and stays as it is.
bool cordon(Kubernetes&, const std::string& node, const std::string& run);

// Takes back what `cordon` did in the name of that run, and nothing else. False
// if there was nothing to take back.
bool uncordon(Kubernetes&, const std::string& node, const std::string& run);

// Takes pods again, whoever cordoned it: only for a cluster that is all Faultline's.
void make_schedulable(Kubernetes&, const std::string& node);

}  // namespace faultline
