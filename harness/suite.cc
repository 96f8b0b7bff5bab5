#include "harness/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <utility>

#include "harness/provider.h"
#include "harness/report/figure_table.h"
#include "harness/report/junit.h"
#include "harness/report/page/folder.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
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

RunResult without_run(const Scenario& scenario, const RunOptions& options, RunStatus status,
                      std::string reason) {
  RunResult result;
  result.scenario = scenario;
  result.status = status;
  result.reason = std::move(reason);
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
                         : without_run(scenario, options, RunStatus::skipped,
                                       fmt::format("{}", fmt::join(missing, "; ")));
}

bool is_over(const SuitePlan& plan) {
  return plan.deadline && std::chrono::steady_clock::now() >= *plan.deadline;
}

// Pages are for people: where one cannot be written the verdict stays what it is.
void write_page(const std::function<void()>& write, Terminal& terminal) try {
  write();
} catch (const std::exception& error) {
  terminal.message(fmt::format("a page is missing, try 'faultline report': {}", error.what()));
}

// It was asked for, so that without it the suite is no success; the runs go on.
void write_copy(const std::filesystem::path& copy, const std::string& junit,
                SuiteResult& suite) try {
  if (!copy.empty()) write_atomically(copy, junit);
} catch (const ResultsError& error) {
  suite.problem = std::string("--junit: ") + error.what();
}

void write_suite(SuiteResult& suite, const SuitePlan& plan, Terminal& terminal) {
  const std::string junit = junit_xml(suite, plan.policy);
  write_atomically(suite.folder / "junit.xml", junit);
  write_copy(plan.junit, junit, suite);
  write_atomically(suite.folder / "table.txt", figure_table(suite));
  write_page([&] { write_suite_pages(suite); }, terminal);
}

// What is known only when all is over. Where the disk is full the problem stays the first one.
void write_end(SuiteResult& suite, const SuitePlan& plan, Terminal& terminal) try {
  write_suite(suite, plan, terminal);
} catch (const std::exception& error) {
  if (suite.problem.empty()) suite.problem = error.what();
}

// Of a database that cannot be written one line is enough: what it lacks it gets from the
// folders later.
class RunIndex {
 public:
  explicit RunIndex(Terminal& terminal) : terminal_(terminal) {}
  void add(const StoredRun& run) {
    if (given_up_) return;
    const std::string problem = add_run(run.run.folder, run.history ? &*run.history : nullptr);
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
  write_page(
      [&] {
        const StoredRun read = stored(run);  // once for both
        index.add(read);
        write_run_page(read, since_when(run.folder).value_or(""));
      },
      terminal);
}

// The runs of a suite, one after the other.
class Runs {
 public:
  Runs(const RunOptions& options, const SuiteFolder& folder, const SuitePlan& plan,
       const SuiteSteps& steps, Terminal& terminal, SuiteResult& suite)
      : options_(options),
        folder_(folder),
        plan_(plan),
        steps_(steps),
        terminal_(terminal),
        suite_(suite),
        index_(terminal) {}

  void run_all(std::span<const Scenario> scenarios) {
    const std::size_t total = scenarios.size() * plan_.repeat;
    for (std::uint64_t repetition = 1; repetition <= plan_.repeat; ++repetition)
      for (const Scenario& scenario : scenarios) {
        // Further repetitions have a row already, which counts them as not run.
        if (ended() && repetition > 1) return;
        terminal_.run_started(scenario, ++number_, total);
        run(scenario, repetition);
      }
  }

  bool ended() const {
    return interrupted(options_) || (!suite_.runs.empty() && suite_.runs.back().interrupted);
  }

 private:
  void run(const Scenario& scenario, std::uint64_t repetition) {
    const std::string name =
        plan_.repeat > 1 ? fmt::format("{}-{}", scenario.name, repetition) : scenario.name;
    RunOptions own = options_;
    own.seed += repetition - 1;
    own.folder = folder_.make_run(name);
    std::vector<BrokenRun> retried;
    for (;;) {
      const std::string not_now = retried.empty() ? why_not_now() : "";
      RunResult result = not_now.empty() ? run_one(scenario, own, terminal_, steps_)
                                         : without_run(scenario, own, RunStatus::not_run, not_now);
      result.interrupted = result.interrupted || (!not_now.empty() && ended());
      judge_what_broke(result);
      result.repetition = repetition;
      result.repetitions = plan_.repeat;
      result.retried = retried;
      result.catalogue_commit = commit_of(scenario.file);
      const bool again = may_retry(result);
      if (again) {
        own.folder = folder_.make_run(fmt::format("{}-retry-{}", name, retried.size() + 1));
        result.retried_as = own.folder.filename().string();
        retried.push_back({result.folder.filename().string(), result.reason});
      } else {
        suite_.runs.push_back(result);
      }
      terminal_.run_finished(result);
      write_run(result, options_.faultline_version, index_, terminal_);
      if (again) continue;
      write_suite(suite_, plan_, terminal_);
      return;
    }
  }

  // Empty: its turn has come.
  std::string why_not_now() const {
    if (ended()) return "interrupted before its turn";
    return is_over(plan_) ? fmt::format("not begun within the time limit of {}", plan_.time_limit)
                          : "";
  }

  bool may_retry(const RunResult& result) const {
    return result.status == RunStatus::broken && !result.interrupted && !interrupted(options_) &&
           result.not_undone.empty() && result.retried.size() < plan_.retries && !is_over(plan_);
  }

  const RunOptions& options_;
  const SuiteFolder& folder_;
  const SuitePlan& plan_;
  const SuiteSteps& steps_;
  Terminal& terminal_;
  SuiteResult& suite_;
  RunIndex index_;
  std::size_t number_ = 0;
};

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
                      const SuiteFolder& folder, Terminal& terminal, const SuiteSteps& steps,
                      const SuitePlan& plan) {
  SuiteResult suite;
  suite.name = folder.name();
  suite.folder = folder.path();
  Runs runs(options, folder, plan, steps, terminal, suite);
  try {
    write_atomically(suite.folder / unfinished_name, "");
    write_suite(suite, plan, terminal);
    folder.become_latest();
    heal_first(steps, terminal);
    runs.run_all(scenarios);
  } catch (const std::exception& error) {
    suite.problem = error.what();
  }
  suite.interrupted = runs.ended();
  if (suite.interrupted || !suite.problem.empty()) write_end(suite, plan, terminal);
  std::error_code ignored;
  std::filesystem::remove(suite.folder / unfinished_name, ignored);
  return suite;
}

}  // namespace faultline
