// Kubernetes objects from files with blanks to fill in (kind-config/).
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace faultline {

// The documents of a YAML file, in order. Every ${name} in a text is replaced; a
// text that is nothing but "${name}" takes the value's own type. Throws
// ClusterError with file and line: no YAML, a name without a value.
std::vector<nlohmann::json> read_manifests(const std::filesystem::path&,
                                           const std::map<std::string, nlohmann::json>& values);

}  // namespace faultline
