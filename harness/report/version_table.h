// A suite that ran on several versions of a broker: a row per scenario, a column per version.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/report/repetitions.h"

namespace faultline {

struct VersionTable {
  struct Row {
    const RunResult* first;  // of its runs
    std::vector<std::optional<Repetitions>> cells;  // one per column; empty: was not to run there
  };
  std::vector<std::string> columns;  // "2.12.1", where products differ "nats 2.12.1"
  std::vector<Row> rows;             // in order of first appearance
};

// Without a row where all ran on one version. The result points into the suite.
// Complexity: O(runs * scenarios).
VersionTable by_version(const SuiteResult&);

// "fail 3/10", or "fail" of what was not repeated.
std::string counted_outcome(const Repetitions&);

// As plain text of at most 80 columns: more versions stand below each other. Empty where all
// ran on one.
std::string version_table(const SuiteResult&);

}  // namespace faultline
