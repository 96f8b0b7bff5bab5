#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "checkers/format.h"
#include "harness/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/scenarios.h"
#include "harness/exit_code.h"

namespace faultline {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> paths;
  bool json = false;
};

std::string as_json(const Catalogue& catalogue) {
  nlohmann::ordered_json document{{"valid", nlohmann::ordered_json::array()},
                                  {"problems", nlohmann::ordered_json::array()}};
  for (const Scenario& scenario : catalogue.scenarios)
    document["valid"].push_back({{"file", scenario.file.string()}, {"name", scenario.name}});
  for (const ScenarioProblem& problem : catalogue.problems)
    document["problems"].push_back({{"file", problem.file.string()},
                                    {"line", problem.line},
                                    {"column", problem.column},
                                    {"message", problem.message}});
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int execute(const Arguments& arguments) {
  const Catalogue catalogue = load_catalogue(arguments.paths, Selection::all);
  if (arguments.json) {
    std::cout << as_json(catalogue);
  } else {
    print_problems(catalogue.problems);
    std::cout << format_count(catalogue.scenarios.size(), "valid scenario") << ", "
              << format_count(catalogue.problems.size(), "problem") << "\n";
  }
  return catalogue.problems.empty() ? exit_passed : exit_usage;
}

}  // namespace

Subcommand validate_command(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "validate", "Check scenario files without running them",
                     "  faultline validate scenarios\n"
                     "  faultline validate my.yaml\n"
                     "  faultline validate --json my.yaml | jq '.problems[]'\n"
                     "\n"
                     "Exit codes: 0 all are good, 254 bad usage, or a file with problems");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("path", arguments->paths, "Files or folders")->type_name("PATH")->required();
  app->add_flag("--json", arguments->json, "As JSON");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
