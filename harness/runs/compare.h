// Two suites, or two runs, side by side.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/runs/record.h"

namespace faultline {

struct ComparedSide {
  std::string title;  // the folder, as it is named below the results
  bool one_run = false;
  std::vector<RunRecord> runs;  // in order of name; of what was retried, the last
  std::map<std::string, std::string> retry_of = {};  // a retry's name -> that of the first run
};

// A folder of a suite or a run; or, below `results`, the name of a suite, `latest` or
// `latest~1` (the suite before), each with `/<run>` behind it for one run. Read from the
// folders themselves. Throws RunsError.
ComparedSide read_side(const std::filesystem::path& results, const std::string& what);

struct ChangedCheck {
  std::string check;
  std::optional<CheckRecord> before, after;  // absent: was not checked
};

struct MovedFigure {
  const FigureKind* kind = nullptr;
  double before = 0, after = 0;
};

// Runs of one folder name, a retry under that of the first; two single runs are a pair whatever
// they are called.
struct ComparedRuns {
  std::optional<RunRecord> before, after;  // absent: only the other side has it
  std::vector<ChangedCheck> checks;        // whose verdict differs, and one of them is judged
  std::vector<MovedFigure> moved;          // by more than a quarter, and by as much as matters
  bool new_failure = false;                // fails now and did not, or a judged check does
  bool changed() const;                    // anything of the above, or the outcome
};

// With new failures first, then other changes of an outcome, then the rest by name.
std::vector<ComparedRuns> compare(const ComparedSide& before, const ComparedSide& after);

bool has_new_failure(const std::vector<ComparedRuns>&);

// For people: at most 80 columns, ends with a newline.
std::string show_comparison(const ComparedSide& before, const ComparedSide& after,
                            const std::vector<ComparedRuns>&);
std::string comparison_json(const ComparedSide& before, const ComparedSide& after,
                            const std::vector<ComparedRuns>&);

}  // namespace faultline
