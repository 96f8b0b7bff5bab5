// A bug that somebody reported, and the versions of the broker that have it.
#pragma once

#include <string>

namespace faultline {

// Of a list of versions as a scenario writes it: "2.10.7 - 2.10.22, 2.11.0, 2.12.0 -".
// Ranges hold both their ends; one without an end goes on.
std::string version_list_pattern();

// Both throw std::invalid_argument for what is no such list, or no version.
bool has_version(const std::string& versions, const std::string& version);
bool has_empty_range(const std::string& versions);  // "2.10.22 - 2.10.7" holds nothing

}  // namespace faultline
