// What the commands that make, use and remove kind clusters have in common.
#pragma once

#include <string>

#include "harness/provider.h"

namespace CLI {
class App;
}

namespace faultline {

inline constexpr const char* kept_kind_cluster = "faultline";  // unless named

void add_cluster_option(CLI::App&, std::string& name, const std::string& otherwise);
void add_image_options(CLI::App&, ProviderOptions&);

// Says why on standard error, with exit code exit_unknown; exit_passed if it can.
int exit_code_unless_kind_works();

}  // namespace faultline
