#include "harness/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

#include "harness/provider.h"
#include "harness/report/figure_table.h"
#include "harness/report/junit.h"
#include "harness/report/page/folder.h"
#include "harness/report/run_json.h"
#include "harness/runs/commit.h"
#include "harness/runs/index.h"
#include "harness/runs/trends.h"

namespace faultline {
namespace {

void heal_first(const SuiteSteps& steps, Terminal& terminal) {
  const HealReport report = steps.heal();
  for (const std::string& line : report.undone) terminal.message("healed: " + line);
  if (!report.clean())
    throw std::runtime_error(
        fmt::format("what a killed run left could not be undone: {}; see 'faultline heal'",
                    fmt::join(report.failed, "; ")));
}

RunResult skipped(const Scenario& scenario, const RunOptions& options,
                  const std::vector<std::string>& missing) {
  RunResult result;
  result.scenario = scenario;
  result.status = RunStatus::skipped;
  result.reason = fmt::format("{}", fmt::join(missing, "; "));
  result.folder = options.folder;
  result.broker_product = scenario.broker_product;
  result.broker_version =
      options.broker_version.empty() ? scenario.broker_version : options.broker_version;
  result.provider = options.provider;
  result.seed = options.seed;
  result.wall_clock =
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  return result;
}

RunResult run_one(const Scenario& scenario, const RunOptions& options, Terminal& terminal,
                  const SuiteSteps& steps) {
  const std::vector<std::string> missing = steps.missing(scenario, options);
  return missing.empty() ? steps.run(scenario, options, terminal)
                         : skipped(scenario, options, missing);
}

// Pages are for people: where one cannot be written the verdict stays what it is.
void write_page(const std::function<void()>& write, Terminal& terminal) try {
  write();
} catch (const std::exception& error) {
  terminal.message(fmt::format("a page is missing, try 'faultline report': {}", error.what()));
}

void write_suite(const SuiteResult& suite, Terminal& terminal) {
  write_atomically(suite.folder / "junit.xml", junit_xml(suite));
  write_atomically(suite.folder / "table.txt", figure_table(suite));
  write_page([&] { write_suite_pages(suite); }, terminal);
}

// Of a database that cannot be written one line is enough: what it lacks it gets from the
// folders later.
class RunIndex {
 public:
  explicit RunIndex(Terminal& terminal) : terminal_(terminal) {}
  void add(const std::filesystem::path& run) {
    if (given_up_) return;
    const std::string problem = add_run(run);
    given_up_ = !problem.empty();
    if (given_up_) terminal_.message("not in the history of runs for now: " + problem);
  }

 private:
  Terminal& terminal_;
  bool given_up_ = false;
};

// The index first, so that the page can say whether a failure is new.
void write_run(const RunResult& run, const std::string& version, RunIndex& index,
               Terminal& terminal) {
  write_atomically(run.folder / run_json_name, run_json(run, version));
  index.add(run.folder);
  write_page([&] { write_run_page(stored(run), since_when(run.folder).value_or("")); }, terminal);
}

}  // namespace

SuiteSteps real_steps(Provider& provider) {
  return {[] { return heal_leftovers(state_folder()); },
          [&](const Scenario& scenario, const RunOptions& options) {
            return missing_capabilities(scenario, options, provider);
          },
          [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
            return run_scenario(scenario, options, provider, progress);
          }};
}

SuiteResult run_suite(std::span<const Scenario> scenarios, const RunOptions& options,
                      const SuiteFolder& folder, Terminal& terminal, const SuiteSteps& steps) {
  SuiteResult suite;
  suite.name = folder.name();
  suite.folder = folder.path();
  try {
    write_suite(suite, terminal);
    folder.become_latest();
    heal_first(steps, terminal);
    RunIndex index(terminal);
    const auto ended = [&] {
      return interrupted(options) || (!suite.runs.empty() && suite.runs.back().interrupted);
    };
    for (std::size_t i = 0; i < scenarios.size() && !ended(); ++i) {
      RunOptions own = options;
      own.folder = folder.make_run(scenarios[i].name);
      terminal.run_started(scenarios[i], i + 1, scenarios.size());
      suite.runs.push_back(run_one(scenarios[i], own, terminal, steps));
      suite.runs.back().catalogue_commit = commit_of(scenarios[i].file);
      terminal.run_finished(suite.runs.back());
      write_run(suite.runs.back(), options.faultline_version, index, terminal);
      write_suite(suite, terminal);
    }
  } catch (const std::exception& error) {
    suite.problem = error.what();
  }
  suite.interrupted =
      interrupted(options) || (!suite.runs.empty() && suite.runs.back().interrupted);
  return suite;
}

}  // namespace faultline
