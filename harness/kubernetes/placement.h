// Where a pod could be started, as far as its own words and its volumes say.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

// The nodes, other than its own, to which the scheduler could bring the pod if it
// were deleted now: one that errs counts too many, never too few. `others` are
// pods of its namespace, `volumes` the persistent volumes it has.
std::vector<std::string> other_nodes_for(const nlohmann::json& pod,
                                         const std::vector<nlohmann::json>& nodes,
                                         const std::vector<nlohmann::json>& others,
                                         const std::vector<nlohmann::json>& volumes);

// Those that are bound, as far as one may read them.
std::vector<nlohmann::json> volumes_of(Kubernetes&, const nlohmann::json& pod);

}  // namespace faultline
