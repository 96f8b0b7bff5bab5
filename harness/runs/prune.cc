#include "harness/runs/prune.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "harness/cluster/file_descriptor.h"
#include "harness/report/words.h"
#include "harness/runs/folders.h"
#include "harness/runs/index.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr const char* mark = ".pruned-";

// Of the suite: held while something of it is removed, as by the suite itself while it runs.
FileDescriptor lock(const fs::path& suite) {
  FileDescriptor folder(::open(suite.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return FileDescriptor();
  return folder;
}

std::vector<PruneCandidate> candidates(const fs::path& results, std::vector<RunRecord> runs) {
  const std::string latest = latest_suite(results);
  std::map<std::string, bool> live;
  std::vector<PruneCandidate> all;
  for (RunRecord& run : runs) {
    const auto [suite, fresh] = live.try_emplace(run.suite, false);
    if (fresh) suite->second = under_way(results / run.suite);
    const Extent size = extent(results / run.suite / run.name);
    std::string held;
    if (run.suite == latest) held = "of the latest suite";
    if (suite->second) held = "of a suite under way";
    if (size.mounts) held = "with a volume still mounted: try 'faultline heal'";
    all.push_back({std::move(run), size.bytes, std::move(held)});
  }
  return all;
}

// Renamed first: of a folder that is removed halfway nobody could tell what it was.
void remove_folder(const fs::path& folder) {
  const fs::path doomed = folder.parent_path() / (mark + folder.filename().string());
  fs::remove_all(doomed);
  fs::rename(folder, doomed);
  fs::remove_all(doomed);
}

bool holds_folder(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.symlink_status().type() == fs::file_type::directory) return true;
  return false;
}

void remove_run(const fs::path& results, const RunRecord& run) {
  const fs::path suite = results / run.suite;
  const FileDescriptor own = lock(suite);
  if (!own || latest_suite(results) == run.suite) throw RunsError("in use by now");
  remove_folder(suite / run.name);
  if (!holds_folder(suite)) remove_folder(suite);
}

// True if there was something to finish.
bool finish_killed(const fs::path& folder) {
  std::vector<fs::path> doomed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(mark)) doomed.push_back(entry.path());
  for (const fs::path& one : doomed) fs::remove_all(one);
  return !doomed.empty();
}

void finish_killed_prunes(const fs::path& results) {
  std::vector<fs::path> suites;
  for (const fs::directory_entry& entry : fs::directory_iterator(results))
    if (entry.symlink_status().type() == fs::file_type::directory) suites.push_back(entry.path());
  for (const fs::path& suite : suites) {
    const FileDescriptor own = lock(suite);
    if (own && finish_killed(suite) && !holds_folder(suite)) remove_folder(suite);
  }
  finish_killed(results);
}

std::string line(const PruneCandidate& candidate, bool dry_run) {
  return fmt::format("{} {} {:<11} {:>10}  {}", dry_run ? "would remove" : "removing",
                     format_utc(candidate.run.begin), candidate.run.outcome,
                     format_size(candidate.bytes), plain(candidate.run.place()));
}

// What is still too much, once what was chosen is gone.
std::string short_of(std::span<const PruneCandidate> all, const std::vector<std::size_t>& chosen,
                     const PruneLimits& limits) {
  std::size_t count = all.size() - chosen.size();
  std::uint64_t bytes = 0;
  for (const PruneCandidate& candidate : all) bytes += candidate.bytes;
  for (const std::size_t i : chosen) bytes -= all[i].bytes;
  const std::string why =
      fmt::format("the rest is of the latest suite, under way, mounted{}",
                  limits.failing_too ? "" : " or failing, which goes with --failing-too only");
  if (limits.keep && count > *limits.keep)
    return fmt::format("{} left, more than {}: {}",
                       count == 1 ? "1 run is" : fmt::format("{} runs are", count), *limits.keep,
                       why);
  if (limits.max_size && bytes > *limits.max_size)
    return fmt::format("{} are left, more than {}: {}", format_size(bytes),
                       format_size(*limits.max_size), why);
  return {};
}

}  // namespace

std::vector<std::size_t> choose(std::span<const PruneCandidate> all, const PruneLimits& limits,
                                std::int64_t now) {
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [&](std::size_t i) {
    return !all[i].held.empty() || (all[i].run.failed() && !limits.failing_too);
  });
  std::ranges::sort(order, {}, [&](std::size_t i) {
    const RunRecord& run = all[i].run;
    return std::make_tuple(run.failed(), run.begin, run.suite, run.name);
  });
  std::size_t count = all.size();
  std::uint64_t bytes = 0;
  for (const PruneCandidate& candidate : all) bytes += candidate.bytes;
  std::vector<std::size_t> chosen;
  const auto take_where = [&](const auto& asked) {
    std::erase_if(order, [&](std::size_t i) {
      if (!asked(all[i])) return false;
      chosen.push_back(i);
      --count;
      bytes -= all[i].bytes;
      return true;
    });
  };
  take_where([&](const PruneCandidate& candidate) {
    return limits.older_than && now - candidate.run.begin > *limits.older_than;
  });
  take_where([&](const PruneCandidate&) {
    return (limits.keep && count > *limits.keep) || (limits.max_size && bytes > *limits.max_size);
  });
  return chosen;
}

Pruned prune(const fs::path& results, const PruneLimits& limits, std::int64_t now, bool dry_run,
             const std::function<void(const std::string&)>& tell) {
  KnownRuns known = known_runs(results);
  if (!known.note.empty()) tell(known.note);
  if (!dry_run) finish_killed_prunes(results);
  const std::vector<PruneCandidate> all = candidates(results, std::move(known.runs));
  const std::vector<std::size_t> chosen = choose(all, limits, now);
  Pruned pruned;
  for (const std::size_t i : chosen) {
    tell(line(all[i], dry_run));
    try {
      if (!dry_run) remove_run(results, all[i].run);
      ++pruned.runs;
      pruned.bytes += all[i].bytes;
    } catch (const std::exception& error) {
      pruned.failed.push_back(fmt::format("{}: {}", plain(all[i].run.place()), error.what()));
    }
  }
  pruned.short_of = short_of(all, chosen, limits);
  if (!dry_run && pruned.runs > 0) known_runs(results);  // drops their rows
  return pruned;
}

}  // namespace faultline
