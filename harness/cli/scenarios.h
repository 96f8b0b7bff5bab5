// From what a user names to scenarios.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/catalogue.h"

namespace faultline {

// Paths as load_catalogue takes them; what is no path may be a name or a figure
// of the catalogue in `folder`. Prints every problem to standard error; throws
// UsageError if there is one, or nothing to run.
std::vector<Scenario> scenarios_to_run(const std::vector<std::string>& named,
                                       const std::filesystem::path& folder);

void print_problems(const std::vector<ScenarioProblem>&);

}  // namespace faultline
