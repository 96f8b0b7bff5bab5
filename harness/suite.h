// Runs scenarios one after the other and writes their reports.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "faults/journal.h"
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

// Begins by healing what killed runs left. Each run's run.json and page, and the suite's
// junit.xml, table.txt and pages, are written as soon as it is over, so that a suite
// that is killed leaves whole reports of what it did; then it is in the history of runs
// (harness/runs/). `options` says everything
// but the folder. Throws nothing: what goes wrong is in the result.
SuiteResult run_suite(std::span<const Scenario>, const RunOptions& options, const SuiteFolder&,
                      Terminal&, const SuiteSteps&);

}  // namespace faultline
