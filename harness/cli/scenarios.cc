#include "harness/cli/scenarios.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "harness/cli/command.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

// A name or a figure, as nobody would write a path.
bool may_be_name(const std::string& text) {
  std::error_code error;
  return !fs::exists(text, error) && text.find('/') == text.npos && !text.ends_with(".yaml") &&
         !text.ends_with(".yml");
}

fs::path file_of(const std::string& name, const Catalogue& catalogue) {
  const auto found = std::ranges::find_if(catalogue.scenarios, [&](const Scenario& scenario) {
    return scenario.name == name || (!name.empty() && scenario.figure == name);
  });
  if (found == catalogue.scenarios.end())
    throw UsageError(fmt::format(
        "'{}' is no file, no folder and no scenario; 'faultline list' shows what there is", name));
  return found->file;
}

}  // namespace

void print_problems(const std::vector<ScenarioProblem>& problems) {
  for (const ScenarioProblem& problem : problems) std::cerr << to_string(problem) << "\n";
}

std::vector<Scenario> scenarios_to_run(const std::vector<std::string>& named,
                                       const fs::path& folder) {
  std::optional<Catalogue> all;
  std::vector<fs::path> paths;
  for (const std::string& text : named) {
    if (!may_be_name(text)) {
      paths.emplace_back(text);
      continue;
    }
    if (!all) all = load_catalogue(std::vector{folder}, Selection::all);
    paths.push_back(file_of(text, *all));
  }
  Catalogue catalogue = load_catalogue(paths, Selection::to_run);
  print_problems(catalogue.problems);
  if (!catalogue.problems.empty())
    throw UsageError(fmt::format(
        "nothing was run: {} to repair in the scenarios; "
        "'faultline validate' checks them again",
        catalogue.problems.size() == 1 ? "one problem"
                                       : fmt::format("{} problems", catalogue.problems.size())));
  if (catalogue.scenarios.empty())
    throw UsageError("there is no scenario to run; 'faultline list' shows the catalogue");
  return std::move(catalogue.scenarios);
}

}  // namespace faultline
