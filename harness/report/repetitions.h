// The runs that --repeat makes of one scenario: one row of a suite's tables.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/runner.h"

namespace faultline {

struct Repetitions {
  std::vector<const RunResult*> runs;  // never empty, in order

  std::size_t asked_for() const { return runs.front()->repetitions; }
  bool repeated() const { return asked_for() > 1; }
  // What a reader must not miss: fail, broken, interrupted, unknown, not run, skipped, pass.
  const RunResult& worst() const;
  // The one with that outcome_word. Of what was asked for and is not there: "not run".
  std::size_t count(std::string_view outcome) const;
  // Pass only where all that were asked for passed.
  std::string_view outcome() const;
  // "3 of 10": how many had that outcome. Empty unless repeated.
  std::string share() const;
  // "failed 3 of 10, passed 7: leader-2 (seed 43), ...". Empty unless repeated.
  std::string sentence() const;

  // The run where writes (reads, loss) looked worst, for the cell that shows it.
  const RunResult& worst_writes() const;
  const RunResult& worst_reads() const;
  const RunResult& worst_loss() const;
};

// In order of first appearance. What was not repeated is by itself. The result points into
// the suite. Complexity: O(runs * scenarios).
std::vector<Repetitions> by_scenario(const SuiteResult&);

// The version of the row's broker. What did not run knows none: then it is that of the other rows
// of the product, where they agree, else empty.
std::string broker_version(const Repetitions& row, const std::vector<Repetitions>& rows);

}  // namespace faultline
