#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ranges>

#include "harness/cli/command.h"
#include "harness/exit_code.h"
#include "harness/report/words.h"
#include "harness/runs/index.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

struct Arguments {
  std::filesystem::path results = "results";
  std::string last = "20";
  bool rebuild = false, json = false;
};

std::string as_json(const std::vector<RunRecord>& runs) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RunRecord& run : runs) {
    nlohmann::ordered_json json{{"suite", run.suite},
                                {"name", run.name},
                                {"scenario", run.scenario},
                                {"figure", run.figure},
                                {"set", run.set},
                                {"provider", run.provider},
                                {"broker_product", run.broker_product},
                                {"broker_version", run.broker_version},
                                {"faultline_version", run.faultline_version},
                                {"catalogue_commit", run.catalogue_commit},
                                {"seed", run.seed},
                                {"begin", format_utc(run.begin)},
                                {"elapsed_ms", run.elapsed},
                                {"outcome", run.outcome},
                                {"reason", run.reason},
                                {"known_issue", run.known_issue},
                                {"checks", nlohmann::ordered_json::array()},
                                {"figures", nlohmann::ordered_json::object()}};
    for (const CheckRecord& check : run.checks)
      json["checks"].push_back({{"check", check.check},
                                {"verdict", to_string(check.verdict)},
                                {"judged", check.judged},
                                {"reason", check.reason},
                                {"observed", check.observed}});
    for (const FigureKind& kind : figure_kinds)
      if (const auto& value = run.figures.*kind.value) json["figures"][kind.name] = *value;
    list.push_back(std::move(json));
  }
  return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void show(const std::vector<RunRecord>& runs, std::size_t last) {
  const std::size_t shown = last == 0 ? runs.size() : std::min(last, runs.size());
  std::cout << fit("Begin", 20) << "  " << fit("Outcome", 11) << " " << fit("Scenario", 24) << " "
            << fit("Provider", 8) << " Broker\n";
  for (const RunRecord& run : runs | std::views::reverse | std::views::take(shown))
    std::cout << format_utc(run.begin) << "  " << fit(run.outcome, 11) << " " << fit(label(run), 24)
              << " " << fit(run.provider, 8) << " " << fit(broker(run), 16) << "\n";
  std::cout << fmt::format("{} of {} run{}\n", shown, runs.size(), runs.size() == 1 ? "" : "s");
}

int execute(const Arguments& arguments) {
  if (arguments.rebuild) {
    const Rebuilt rebuilt = rebuild(arguments.results);
    if (!rebuilt.aside.empty())
      std::cerr << "faultline: the damaged database is kept as " << rebuilt.aside.string() << "\n";
    std::cerr << fmt::format("faultline: read {} run{} from their folders\n", rebuilt.runs,
                             rebuilt.runs == 1 ? "" : "s");
  }
  const KnownRuns known = known_runs(arguments.results);
  if (!known.note.empty()) std::cerr << "faultline: " << known.note << "\n";
  if (arguments.json)
    std::cout << as_json(known.runs);
  else
    show(known.runs, parse_count(arguments.last, "--last"));
  return exit_passed;
}

}  // namespace

Subcommand runs_command(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "runs", "List the runs of a results folder, the newest first",
                     "  faultline runs\n"
                     "  faultline runs --last 0                     # all of them\n"
                     "  faultline runs --json | jq '.[] | select(.outcome == \"fail\") | .suite'\n"
                     "  faultline runs --rebuild                    # make results/runs.db anew\n"
                     "\n"
                     "Exit codes: 0 listed, 254 bad usage or input, or a damaged database");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("--results", arguments->results, "The results folder (results)")
      ->type_name("DIR");
  app->add_option("--last", arguments->last, "So many of them (20); 0: all")->type_name("N");
  app->add_flag("--rebuild", arguments->rebuild,
                "Read every run from its folder again; a\ndamaged database is kept aside");
  app->add_flag("--json", arguments->json, "All of them, as JSON");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
