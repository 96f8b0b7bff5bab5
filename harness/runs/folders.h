// The folders below the results: which are runs, and which suite is under way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace faultline {

struct RunFolder {
  std::string suite, name;
  std::filesystem::path path;
};

// <results>/<suite>/<name>, in order of suite and name. A run has a run.json or a history, or
// is one that was killed before: empty, or nothing but `brokers` in it, in a suite that has a
// junit.xml. Links are not followed, names that begin with a dot are left out.
std::vector<RunFolder> run_folders(const std::filesystem::path& results);

// Size and time of what a run is read from.
std::string stamp(const std::filesystem::path& run);

// Whether the process that makes the suite is alive: it holds flock(2) on the folder
// (SuiteFolder), which the kernel lets go when it dies. False where locks do not work.
bool under_way(const std::filesystem::path& suite);

// What it takes on the disk. `mounts`: whether another file system is mounted in it: a volume
// that a killed run left (its files are not counted).
struct Extent {
  std::uint64_t bytes = 0;
  bool mounts = false;
};
Extent extent(const std::filesystem::path& folder);

// The name of the suite that `latest` points to; empty if there is none.
std::string latest_suite(const std::filesystem::path& results);

}  // namespace faultline
