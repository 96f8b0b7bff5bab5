#include "harness/runs/index.h"

#include <fmt/format.h>

#include <set>

#include "harness/report/run_json.h"
#include "harness/runs/folders.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

// Of a suite under way, only what is over.
std::vector<RunFolder> finished_runs(const fs::path& results) {
  std::map<std::string, bool> live;
  std::vector<RunFolder> runs = run_folders(results);
  std::erase_if(runs, [&](const RunFolder& run) {
    std::error_code error;
    if (fs::exists(run.path / run_json_name, error)) return false;
    const auto [suite, fresh] = live.try_emplace(run.suite, false);
    if (fresh) suite->second = under_way(results / run.suite);
    return suite->second;
  });
  return runs;
}

void require_folder(const fs::path& results) {
  std::error_code error;
  if (!fs::is_directory(results, error))
    throw RunsError(fmt::format(
        "there are no results in '{}'; name their folder with --results DIR", results.string()));
}

// Whoever looks leaves no file where there is nothing to see.
bool holds_nothing(const fs::path& results) {
  std::error_code error;
  return !fs::exists(results / runs_database_name, error) && run_folders(results).empty();
}

}  // namespace

std::string add_run(const fs::path& run_folder, const History* history) noexcept try {
  const fs::path place = fs::absolute(run_folder).lexically_normal();
  RunsDatabase(place.parent_path().parent_path()).add(read_run(place, history));
  return {};
} catch (const std::exception& error) {
  return error.what();
}

IndexUpdate update(RunsDatabase& database, const fs::path& results) {
  // In this order: a run that is added meanwhile has its folder, but is not among these.
  std::map<std::string, std::string> known = database.stamps();
  IndexUpdate update;
  for (const RunFolder& folder : finished_runs(results)) {
    const auto row = known.extract(folder.suite + "/" + folder.name);
    if (!row.empty() && row.mapped() == stamp(folder.path)) continue;
    database.add(read_run(folder.path));
    ++update.added;
  }
  for (const auto& [place, stamp] : known) {
    const auto slash = place.find('/');  // in no folder's name
    database.remove(place.substr(0, slash), place.substr(slash + 1));
    ++update.dropped;
  }
  return update;
}

Rebuilt rebuild(const fs::path& results) {
  require_folder(results);
  Rebuilt rebuilt;
  if (holds_nothing(results)) return rebuilt;
  rebuilt.aside = put_damaged_aside(results);
  RunsDatabase database(results);
  std::vector<RunRecord> runs;
  for (const RunFolder& folder : finished_runs(results)) runs.push_back(read_run(folder.path));
  database.replace_all(runs);
  update(database, results);  // what was added meanwhile
  rebuilt.runs = runs.size();
  return rebuilt;
}

KnownRuns known_runs(const fs::path& results) {
  require_folder(results);
  KnownRuns known;
  if (holds_nothing(results)) return known;
  const auto fill = [&](RunsDatabase database) {
    known.update = update(database, results);
    known.runs = database.runs();
  };
  try {
    fill(RunsDatabase(results));
  } catch (const RunsError& error) {
    fill(RunsDatabase(results, RunsDatabase::Mode::memory));  // throws where that is no help
    known.note = fmt::format("the history of runs was not brought up to date: {}", error.what());
  }
  return known;
}

}  // namespace faultline
