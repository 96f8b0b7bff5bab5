#include "harness/runs/trends.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/exit_code.h"
#include "harness/runs/index.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

struct Arguments {
  std::filesystem::path results = "results";
  std::string since = "30d", scenario;
  bool json = false;
};

std::int64_t now() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

int execute(const Arguments& arguments) {
  const Duration window = parse_age(arguments.since);
  const KnownRuns known = known_runs(arguments.results);
  if (!known.note.empty()) std::cerr << "faultline: " << known.note << "\n";
  const auto found = trends(known.runs, now() - window, arguments.scenario);
  std::cout << (arguments.json ? trends_json(found, arguments.since)
                               : show_trends(found, arguments.since));
  return exit_passed;
}

}  // namespace

Subcommand trends_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "trends", "What fails anew, still, or no more; flaky scenarios",
      "  faultline trends\n"
      "  faultline trends --since 7d --scenario broker-leader\n"
      "  faultline trends --json | jq '.trends[] | select(.standing == \"new\")'\n"
      "\n"
      "Per scenario, provider and version of the broker: new, continuing and fixed\n"
      "against the run before that passed or failed; flaky: both within the window.\n"
      "\n"
      "Exit codes: 0 shown, 254 bad usage or input, or a damaged database");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("--since", arguments->since, "How far back: 12h, 30d, 8w (30d)")
      ->type_name("AGE");
  app->add_option("--scenario", arguments->scenario, "Of this one only, by name or figure")
      ->type_name("NAME");
  app->add_option("--results", arguments->results, "The results folder (results)")
      ->type_name("DIR");
  app->add_flag("--json", arguments->json, "As JSON");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
