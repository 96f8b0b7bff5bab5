#include "harness/report/stored_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "checkers/history_file.h"
#include "checkers/judge.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

bool outranks(const Judgement& recorded, const RunResult& run) {
  return run.status == RunStatus::broken && recorded.verdict == Verdict::fail;
}

RunResult without_history(const fs::path& folder, const std::string& reason) {
  RunResult run;
  run.scenario.name = folder.filename();
  run.folder = folder;
  run.reason = reason;
  return run;
}

void read_history_of(const fs::path& file, StoredRun& stored) try {
  stored.history = read_history(file);
} catch (const HistoryError& error) {
  stored.history_problem = error.what();
}

// What a judgement cannot know; a run that never was judged stays so.
void take_from(const RunResult& then, StoredRun& stored) {
  stored.run.elapsed = then.elapsed;
  stored.run.not_undone = then.not_undone;
  stored.run.scenario.file = then.scenario.file;
  stored.run.repetition = then.repetition;
  stored.run.repetitions = then.repetitions;
  stored.run.retried = then.retried;
  stored.run.retried_as = then.retried_as;
  if (then.status == RunStatus::judged) {
    stored.differences = differences(then.judgement, stored.run.judgement);
    stored.run.reason = then.reason;
  } else if (outranks(stored.run.judgement, then)) {
    stored.run.reason = then.reason;
    stored.run.interrupted = then.interrupted;
  } else {
    stored.run.status = then.status;
    stored.run.reason = then.reason;
    stored.run.interrupted = then.interrupted;
  }
}

// Its evidence is gone: a pass is none any more, a violation stays one.
void doubt(StoredRun& stored) {
  Judgement& judgement = stored.run.judgement;
  if (stored.run.status != RunStatus::judged) return;
  judgement.verdict = std::max(judgement.verdict, Verdict::unknown);
  judgement.summary = fmt::format("its history cannot be read ({}); {} says: {}",
                                  stored.history_problem, run_json_name, judgement.summary);
}

}  // namespace

RunResult run_of(const History& history, const fs::path& file) {
  RunResult run;
  const Header& header = history.header;
  run.scenario = parse_scenario(header.scenario_text, file).scenario;
  run.scenario.name = header.scenario_name;
  run.scenario.expectations = header.expectations;
  run.status = RunStatus::judged;
  run.judgement = judge(history);
  run.interrupted = run.judgement.interrupted;
  run.folder = file.parent_path();
  run.broker_product = header.broker_product;
  run.broker_version = header.broker_version;
  run.provider = header.provider;
  run.seed = header.seed;
  run.wall_clock = header.wall_clock;
  return run;
}

bool is_run(const fs::path& folder) {
  return fs::exists(folder / history_file_name) || fs::exists(folder / run_json_name);
}

std::vector<fs::path> runs_in(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error))
    throw NoRunError(
        fmt::format("'{}' does not exist; name a run, a suite or a history file", path.string()));
  if (!fs::is_directory(path) || is_run(path)) return {path};
  std::vector<fs::path> runs = folders_in(path);
  if (std::ranges::none_of(runs, is_run))
    throw NoRunError(fmt::format("'{}' holds no run: no {} in it or right below it", path.string(),
                                 history_file_name));
  return runs;
}

StoredRun read_stored_run(const fs::path& path) {
  const bool lone = !fs::is_directory(path);
  const fs::path file = lone ? path : path / history_file_name;
  StoredRun stored;
  std::optional<RunResult> then;
  if (!lone) try {
      if (fs::exists(path / run_json_name)) then = read_run_json(path / run_json_name);
      if (!then) stored.not_compared = "there is no run.json to compare with";
    } catch (const RunJsonError& error) {
      stored.not_compared = std::string("not compared with run.json: ") + error.what();
    }
  if (lone || fs::exists(file)) read_history_of(file, stored);
  if (stored.history) {
    stored.run = run_of(*stored.history, file);
    if (then) take_from(*then, stored);
  } else if (then) {
    stored.run = *then;  // skipped, or broke before it began
    if (!stored.history_problem.empty()) doubt(stored);
  } else if (!is_run(path)) {
    stored.not_compared.clear();
    stored.run = without_history(
        path, fmt::format("there is neither {} nor {}: killed before it recorded anything",
                          history_file_name, run_json_name));
  } else {
    stored.run = without_history(
        path, stored.history_problem.empty() ? stored.not_compared : stored.history_problem);
  }
  return stored;
}

void judge_what_broke(RunResult& run) {
  if (run.status != RunStatus::broken) return;
  const std::optional<History> history = stored(run).history;
  if (!history) return;
  Judgement judgement = judge(*history);
  if (!outranks(judgement, run)) return;
  run.status = RunStatus::judged;
  run.judgement = std::move(judgement);
}

bool was_retried(const RunResult& run) {
  std::error_code error;
  return !run.retried_as.empty() &&
         fs::exists(run.folder.parent_path() / fs::path(run.retried_as).filename(), error);
}

StoredRun stored(const RunResult& run) {
  StoredRun result{run, {}, "", {}, ""};
  const fs::path file = run.folder / history_file_name;
  if (fs::exists(file)) read_history_of(file, result);
  return result;
}

}  // namespace faultline
