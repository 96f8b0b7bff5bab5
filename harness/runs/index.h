// Keeps results/runs.db true to the run folders.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/runs/database.h"

namespace faultline {

// Adds the run to the database of the results that it lies in; `history` as for read_run. Returns
// why it could not: one line, empty if it is there. Throws nothing: a verdict never depends on it.
std::string add_run(const std::filesystem::path& run_folder,
                    const History* history = nullptr) noexcept;

struct IndexUpdate {
  std::size_t added = 0;    // found in the folders, or changed there
  std::size_t dropped = 0;  // of folders that are gone
};

// Reads what is new or has changed, drops what is gone. Leaves out a run that is under way.
// Complexity: one stat(2) or two for each run that has not changed.
IndexUpdate update(RunsDatabase&, const std::filesystem::path& results);

// All of it again, from the folders alone; a damaged file is put aside first. Where there was
// neither a run nor a database none is made, here and below.
struct Rebuilt {
  std::size_t runs = 0;
  std::filesystem::path aside;  // where the damaged one is; else empty
};
Rebuilt rebuild(const std::filesystem::path& results);

// Every run below the results, up to date, in order of begin. Where the database cannot be
// written it is read, and what it lacks is read from the folders; `note` then says so in one
// line. Throws RunsError where there is no such folder, or the database is damaged.
struct KnownRuns {
  std::vector<RunRecord> runs;
  IndexUpdate update;
  std::string note;
};
KnownRuns known_runs(const std::filesystem::path& results);

}  // namespace faultline
