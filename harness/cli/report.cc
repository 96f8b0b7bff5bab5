#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include "harness/cli/command.h"
#include "harness/cli/trends.h"
#include "harness/exit_code.h"
#include "harness/report/page/folder.h"
#include "harness/report/page/index.h"
#include "harness/report/results.h"
#include "harness/report/stored_run.h"
#include "harness/report/words.h"
#include "harness/runs/trends.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

// Exit codes are about the pages, not about what they say.
void write_pages(const fs::path& path) {
  const std::vector<fs::path> runs = runs_in(path);
  const bool is_suite = runs.size() != 1 || runs.front() != path;
  SuiteResult suite;
  suite.folder = fs::absolute(path);
  suite.name = fs::canonical(path).filename().string();
  for (const fs::path& folder : runs) {
    const StoredRun stored = read_stored_run(folder);
    write_run_page(stored, since_when(folder).value_or(""));
    if (!was_retried(stored.run)) suite.runs.push_back(stored.run);
    std::cout << near_path(stored.run.folder / run_page_name) << "\n";
  }
  if (!is_suite) return;
  std::ranges::stable_sort(suite.runs, {}, [](const RunResult& run) {
    return std::pair(run.scenario.figure.empty(), run.scenario.figure);
  });
  write_suite_pages(suite);
  std::cout << near_path(suite.folder / "index.html") << "\n";
}

int execute(const std::vector<fs::path>& paths) {
  if (paths.empty()) throw UsageError("name a run or a suite, or --since AGE");
  std::set<fs::path> seen;
  for (const fs::path& path : paths) try {
      if (!fs::exists(path) || seen.insert(fs::canonical(path)).second) write_pages(path);
    } catch (const NoRunError& error) {
      throw UsageError(error.what());
    } catch (const ResultsError& error) {
      throw UsageError(error.what());
    }
  return exit_passed;
}

}  // namespace

Subcommand report_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "report", "Write the pages of runs and suites again",
      "  faultline report results/latest                # its index, and all its runs\n"
      "  faultline report results/latest/broker-leader  # one run's page\n"
      "  faultline report --since 30d                   # the same as trends\n"
      "\n"
      "Writes report.html into each run's folder, index.html and summary.md\n"
      "into the suite's. Exit codes: 0 written, 254 not.");
  auto paths = std::make_shared<std::vector<fs::path>>();
  auto query = std::make_shared<TrendsQuery>();
  query->since.clear();
  CLI::Option* runs =
      app->add_option("run", *paths, "A run's folder, or a suite's")->type_name("RUN|SUITE");
  CLI::Option* since =
      app->add_option("--since", query->since, "Write no page: show the trends so far back")
          ->type_name("AGE")
          ->excludes(runs);
  app->add_option("--results", query->results, "Of --since: the results folder (results)")
      ->type_name("DIR")
      ->needs(since);
  return {app, [paths, query, since]() -> int {
            if (since->count() == 0) return execute(*paths);
            print_trends(*query);
            return exit_passed;
          }};
}

}  // namespace faultline
