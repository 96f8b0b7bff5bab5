// Writes the pages into the folders of runs and suites.
#pragma once

#include <string>
#include <vector>

#include "harness/report/stored_run.h"
#include "harness/runner.h"

namespace faultline {

// report.html into the run's folder, from what lies there. `novelty`: since when it fails, by
// runs/trends.h. Throws ResultsError where it cannot be written.
void write_run_page(const StoredRun&, const std::string& novelty = "");

// index.html and summary.md into the suite's folder. Throws ResultsError.
void write_suite_pages(const SuiteResult&);

}  // namespace faultline
