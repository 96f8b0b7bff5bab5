#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/scenarios.h"
#include "harness/exit_code.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

constexpr std::size_t columns = 80;

struct Arguments {
  std::vector<std::filesystem::path> paths;
  bool json = false;
};

std::string as_json(const std::vector<Scenario>& scenarios) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Scenario& scenario : scenarios)
    list.push_back({{"name", scenario.name},
                    {"figure", scenario.figure},
                    {"title", scenario.title},
                    {"set", scenario.set},
                    {"cites", scenario.cites},
                    {"file", scenario.file.string()}});
  return list.dump(2) + "\n";
}

std::string as_table(const std::vector<Scenario>& scenarios) {
  if (scenarios.empty()) return "";
  std::size_t name = 4, set = 3;
  for (const Scenario& scenario : scenarios) {
    name = std::max(name, scenario.name.size());
    set = std::max(set, scenario.set.size());
  }
  const auto cells = [&](std::string_view figure, std::string_view own, std::string_view of) {
    return fmt::format("{:<6}  {:<{}}  {:<{}}  ", figure, own, name, of, set);
  };
  std::string table = cells("Figure", "Name", "Set") + "Title\n";
  for (const Scenario& scenario : scenarios) {
    const std::string begin = cells(scenario.figure, scenario.name, scenario.set);
    table += begin + wrap(scenario.title, columns, begin.size()).substr(begin.size());
  }
  return table;
}

int execute(const Arguments& arguments) {
  std::vector<std::filesystem::path> paths = arguments.paths;
  if (paths.empty()) paths.push_back(scenarios_folder());
  const Catalogue catalogue = load_catalogue(paths, Selection::all);
  std::cout << (arguments.json ? as_json(catalogue.scenarios) : as_table(catalogue.scenarios));
  print_problems(catalogue.problems);
  return catalogue.problems.empty() ? exit_passed : exit_usage;
}

}  // namespace

Subcommand list_command(CLI::App& program) {
  CLI::App* app = add_subcommand(program, "list", "Show the catalogue: every scenario of every set",
                                 "  faultline list\n"
                                 "  faultline list scenarios/known-issues\n"
                                 "  faultline list --json | jq -r '.[].name'\n"
                                 "\n"
                                 "Exit codes: 0 listed, 254 bad usage, or a file with problems");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("path", arguments->paths, "Files or folders (the catalogue)")->type_name("PATH");
  app->add_flag("--json", arguments->json, "As JSON");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
