// A run as it lies in its folder, whatever is left of it, judged again.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "harness/runner.h"

namespace faultline {

// There is no run at that place; what() is one line that says what to name instead.
struct NoRunError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A run as its history alone tells it: judged anew; how long it took is not known. `file` is
// the history's.
RunResult run_of(const History&, const std::filesystem::path& file);

struct StoredRun {
  RunResult run;  // judged from the history, where there is one; passed only where it can be read
  std::optional<History> history;
  std::string history_problem;  // why there is none although there is a file
  std::optional<std::vector<std::string>> differences;  // to run.json, where there is one
  std::string not_compared;                             // why, where there is something to say
};

// A run is itself; a suite is its runs, in order of name, those among them too that
// were killed before they had recorded anything. Throws NoRunError.
std::vector<std::filesystem::path> runs_in(const std::filesystem::path&);

bool is_run(const std::filesystem::path& folder);

// Of a run's folder, or of a history file. What is unreadable is told in the result.
StoredRun read_stored_run(const std::filesystem::path&);

// Whether it broke and lies beside the run that --retries put in its place: in a suite it
// counts for nothing.
// A violation that was recorded before the harness broke is one: the run is judged then, and
// its reason still says how the harness broke. Of a run that recorded none nothing changes.
void judge_what_broke(RunResult&);

bool was_retried(const RunResult&);

// Of a run that has just ended: as it was judged, and its history beside it.
StoredRun stored(const RunResult&);

}  // namespace faultline
