#include "harness/runs/compare.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/exit_code.h"

namespace faultline {
namespace {

struct Arguments {
  std::filesystem::path results = "results";
  std::string before, after;
  bool json = false;
};

int execute(const Arguments& arguments) {
  const ComparedSide before = read_side(arguments.results, arguments.before);
  const ComparedSide after = read_side(arguments.results, arguments.after);
  const std::vector<ComparedRuns> pairs = compare(before, after);
  std::cout << (arguments.json ? comparison_json(before, after, pairs)
                               : show_comparison(before, after, pairs));
  return has_new_failure(pairs) ? exit_violation : exit_passed;
}

}  // namespace

Subcommand compare_command(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "compare", "Two suites, or two runs, side by side",
                     "  faultline compare latest~1 latest\n"
                     "  faultline compare 20261125T231057Z-4658 latest\n"
                     "  faultline compare latest~1/broker-leader latest/broker-leader\n"
                     "  faultline compare ../other/results/latest results/latest --json\n"
                     "\n"
                     "Exit codes: 0 no new failure in B, 1 a new failure, 254 bad usage or input");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("A", arguments->before, "The one before: a folder, a suite's name, latest")
      ->type_name("SUITE|RUN")
      ->required();
  app->add_option("B", arguments->after, "The one after")->type_name("SUITE|RUN")->required();
  app->add_option("--results", arguments->results, "Where names are looked for (results)")
      ->type_name("DIR");
  app->add_flag("--json", arguments->json, "As JSON");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
