// Runs scenarios one after the other and writes their reports.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faults/journal.h"
#include "harness/exit_code.h"
#include "harness/report/results.h"
#include "harness/report/terminal.h"
#include "harness/runner.h"

namespace faultline {

// The three things a suite does to the machine.
struct SuiteSteps {
  std::function<HealReport()> heal;
  std::function<std::vector<std::string>(const Scenario&, const RunOptions&)> missing;
  std::function<RunResult(const Scenario&, const RunOptions&, Progress&)> run;
};

SuiteSteps real_steps(Provider&);

// How often each scenario is run, on what, and until when.
struct SuitePlan {
  // With seeds from the options' on, one more each. All scenarios once, then all again, so
  // that a suite that ends early has run each.
  std::uint64_t repeat = 1;
  // Of the broker: each scenario on each. Empty: the options', else the scenario's.
  std::vector<std::string> versions = {};
  // Where it runs, beyond the provider's name: the target file and images that were chosen. Of
  // another place it is another suite (harness/resume.h).
  std::vector<std::string> place = {};
  // The folder is of a suite of the same plan: its verdicts stay, the rest is run. What came to
  // no verdict there stays beside the run that takes its place, as with retries.
  bool resume = false;
  // Of a run that broke: in a folder of its own, in place of the first. Never of one that was
  // interrupted, left something not undone, or recorded a violation before it broke.
  std::uint64_t retries = 0;
  // What has not begun by then is reported as not run; a run under way is not cut off.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  std::string time_limit = {};  // as the user wrote it, for the reason
  // A copy of junit.xml that is kept as true as the suite's own; empty: none.
  std::filesystem::path junit = {};
  ExitPolicy policy = {};  // by which junit.xml tells what is a failure
};

// Begins by healing what killed runs left. Each run's run.json and page, and the suite's
// junit.xml, table.txt and pages, are written as soon as it is over, so that a suite
// that is killed leaves whole reports of what it did; then it is in the history of runs
// (harness/runs/). `options` says everything
// but the folder. Throws nothing: what goes wrong is in the result.
SuiteResult run_suite(std::span<const Scenario>, const RunOptions& options, const SuiteFolder&,
                      Terminal&, const SuiteSteps&, const SuitePlan& = {});

}  // namespace faultline
