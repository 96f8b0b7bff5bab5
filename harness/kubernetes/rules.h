// What a target file lets one hit, told of objects as the API server shows them.
// Each says why not, in one clause; empty: it is allowed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/kubernetes/object.h"
#include "harness/kubernetes/target_file.h"

namespace faultline {

std::string why_not_pod(const TargetFile&, const nlohmann::json& pod);

// `pods_on_it`: those that are known to run there. `own_node`: where the harness
// itself runs, which is never hit; empty: on none.
std::string why_not_node(const TargetFile&, const nlohmann::json& node,
                         const std::vector<nlohmann::json>& pods_on_it,
                         const std::string& own_node);

// A drain evicts every pod of the node, so all of them count: `pods_on_it` of
// every namespace.
std::string why_not_drain(const TargetFile&, const std::vector<nlohmann::json>& pods_on_it);

}  // namespace faultline
