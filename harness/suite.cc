#include "harness/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <tuple>
#include <utility>

#include "harness/provider.h"
#include "harness/report/figure_table.h"
#include "harness/report/junit.h"
#include "harness/report/page/folder.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/words.h"
#include "harness/resume.h"
#include "harness/runs/commit.h"
#include "harness/runs/index.h"
#include "harness/runs/trends.h"

namespace faultline {
namespace {

// Before each run: one that the run before could not undo would be taken for the brokers' doing.
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

struct Turn {
  const Scenario* scenario;
  std::string version;  // of the broker; empty: whatever the options say
  std::uint64_t repetition;
  std::string name;  // of its folder
};

std::vector<Turn> turns_of(std::span<const Scenario> scenarios, const SuitePlan& plan) {
  const std::vector<std::string> any{""};
  std::vector<Turn> turns;
  for (std::uint64_t repetition = 1; repetition <= plan.repeat; ++repetition)
    for (const std::string& version : plan.versions.empty() ? any : plan.versions)
      for (const Scenario& scenario : scenarios) {
        std::string name = scenario.name;
        if (!version.empty()) name += "-" + version;
        if (plan.repeat > 1) name += fmt::format("-{}", repetition);
        turns.push_back({&scenario, version, repetition, std::move(name)});
      }
  return turns;
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
    const std::vector<Turn> turns = turns_of(scenarios, plan_);
    for (const Turn& turn : turns) {
      ++number_;
      run(turn, turns.size());
    }
  }

  bool ended() const { return interrupted(options_) || run_was_interrupted_; }

 private:
  void run(const Turn& turn, std::size_t total) {
    const Scenario& scenario = *turn.scenario;
    RunOptions own = options_;
    own.seed += turn.repetition - 1;
    if (!turn.version.empty()) own.broker_version = turn.version;
    own.folder = folder_.path() / turn.name;
    std::vector<BrokenRun> retried;
    std::optional<RunResult> earlier = earlier_of(scenario, own);
    if (earlier && (is_final(*earlier) || !why_not_now().empty())) {
      suite_.runs.push_back(*std::move(earlier));
      return;
    }
    // Further repetitions have a row already, which counts them as not run.
    if (ended() && turn.repetition > 1) return;
    terminal_.run_started(scenario, number_, total);
    if (!earlier)
      own.folder = folder_.make_run(turn.name);
    else if (did_not_run(*earlier))
      std::tie(own.folder, retried) = std::tie(earlier->folder, earlier->retried);
    else
      retried = replace(*std::move(earlier), turn.name, own);
    for (std::uint64_t attempt = 0;; ++attempt) {
      const std::string not_now = attempt == 0 ? why_not_now() : "";
      if (not_now.empty()) heal_first(steps_, terminal_);
      RunResult result = not_now.empty() ? run_one(scenario, own, terminal_, steps_)
                                         : without_run(scenario, own, RunStatus::not_run, not_now);
      result.interrupted = result.interrupted || (!not_now.empty() && ended());
      judge_what_broke(result);
      result.repetition = turn.repetition;
      result.repetitions = plan_.repeat;
      result.retried = retried;
      result.catalogue_commit = commit_of(scenario.file);
      if (!may_retry(result, attempt)) {
        run_was_interrupted_ |= result.interrupted;
        suite_.runs.push_back(result);
        terminal_.run_finished(result);
        write_run(result, options_.faultline_version, index_, terminal_);
        write_suite(suite_, plan_, terminal_);
        return;
      }
      retried = replace(std::move(result), turn.name, own);
    }
  }

  std::optional<RunResult> earlier_of(const Scenario& scenario, const RunOptions& own) const {
    if (!plan_.resume) return {};
    return earlier_run(own.folder, without_run(scenario, own, RunStatus::broken,
                                               "killed before it recorded anything"));
  }

  // Makes the folder of the run that takes its place. Returns what was retried before that.
  std::vector<BrokenRun> replace(RunResult old, const std::string& name, RunOptions& own) {
    std::vector<BrokenRun> retried = std::move(old.retried);
    own.folder = folder_.make_run(fmt::format("{}-retry-{}", name, retried.size() + 1));
    old.retried_as = own.folder.filename().string();
    old.retried = retried;
    terminal_.run_finished(old);
    write_run(old, options_.faultline_version, index_, terminal_);
    retried.push_back({old.folder.filename().string(), reason_line(old)});
    return retried;
  }

  // Empty: its turn has come.
  std::string why_not_now() const {
    if (ended()) return "interrupted before its turn";
    return is_over(plan_) ? fmt::format("not begun within the time limit of {}", plan_.time_limit)
                          : "";
  }

  bool may_retry(const RunResult& result, std::uint64_t attempt) const {
    return result.status == RunStatus::broken && !result.interrupted && !interrupted(options_) &&
           result.not_undone.empty() && attempt < plan_.retries && !is_over(plan_);
  }

  const RunOptions& options_;
  const SuiteFolder& folder_;
  const SuitePlan& plan_;
  const SuiteSteps& steps_;
  Terminal& terminal_;
  SuiteResult& suite_;
  RunIndex index_;
  std::size_t number_ = 0;
  bool run_was_interrupted_ = false;
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
    if (!plan.resume)
      write_atomically(suite.folder / suite_request_name, suite_request(scenarios, options, plan));
    write_atomically(suite.folder / unfinished_name, "");
    write_suite(suite, plan, terminal);
    folder.become_latest();
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
