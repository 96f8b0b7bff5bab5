#include "harness/cli/trends.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/exit_code.h"
#include "harness/runs/index.h"
#include "harness/runs/text.h"
#include "harness/runs/trends.h"

namespace faultline {
namespace {

std::int64_t now() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void print_trends(const TrendsQuery& query) {
  const Duration window = parse_age(query.since);
  const KnownRuns known = known_runs(query.results);
  if (!known.note.empty()) std::cerr << "faultline: " << known.note << "\n";
  const auto found = trends(known.runs, now() - window, query.scenario);
  std::cout << (query.json ? trends_json(found, query.since) : show_trends(found, query.since));
}

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
  auto query = std::make_shared<TrendsQuery>();
  app->add_option("--since", query->since, "How far back: 12h, 30d, 8w (30d)")->type_name("AGE");
  app->add_option("--scenario", query->scenario, "Of this one only, by name or figure")
      ->type_name("NAME");
  app->add_option("--results", query->results, "The results folder (results)")->type_name("DIR");
  app->add_flag("--json", query->json, "As JSON");
  return {app, [query]() -> int {
            print_trends(*query);
            return exit_passed;
          }};
}

}  // namespace faultline
