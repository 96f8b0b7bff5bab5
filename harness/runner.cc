#include "harness/runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <random>
#include <system_error>

#include "checkers/history_file.h"
#include "faults/journal.h"
#include "harness/experiment.h"
#include "harness/provider.h"
#include "harness/under_way.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// Unique on this machine and in practice everywhere: it marks the payloads.
std::string new_run_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::int64_t wall_clock_now() {
  return std::chrono::nanoseconds(system_clock::now().time_since_epoch()).count();
}

// Runs the experiment and fills in what the result says of it. When it returns
// or throws, the history is closed.
void run_experiment(const Scenario& scenario, const RunOptions& options, const std::string& run_id,
                    Provider& provider, Journal& journal, Progress& progress, RunResult& result) {
  std::optional<UnderWay> under_way(std::in_place, progress, "deploy");
  const auto message = [&](const std::string& line) {
    under_way ? under_way->tell(line) : progress.message(line);
  };
  Deployment deployment = deploy(provider, scenario, options, journal, message);
  under_way.reset();
  Experiment experiment(scenario, options, run_id, deployment, journal, progress);
  result.broker_version = deployment.broker->version();
  experiment.run();
  result.interrupted = experiment.interrupted();
}

// The journal of what could not be undone stays, for the next run or for `heal`.
std::string undo_all(Journal& journal) try {
  const auto left = journal.undo_all();
  if (left.empty()) journal.finish();
  return fmt::format("{}", fmt::join(left, "; "));
} catch (const std::exception& error) {
  return error.what();
}

void record_run(const Scenario& scenario, const RunOptions& options, Provider& provider,
                Progress& progress, RunResult& result) {
  const std::string run_id = new_run_id();
  Journal journal(state_folder(), run_id);
  try {
    run_experiment(scenario, options, run_id, provider, journal, progress, result);
  } catch (...) {
    result.not_undone = undo_all(journal);
    throw;
  }
  result.not_undone = undo_all(journal);
}

}  // namespace

RunResult run_scenario(const Scenario& scenario, const RunOptions& options, Provider& provider,
                       Progress& progress) {
  RunResult result;
  result.scenario = scenario;
  result.folder = options.folder;
  result.broker_product = scenario.broker_product;
  result.provider = options.provider;
  result.seed = options.seed;
  result.wall_clock = wall_clock_now();
  const auto begin = steady_clock::now();
  const std::filesystem::path file = options.folder / history_file_name;
  try {
    record_run(scenario, options, provider, progress, result);
    result.judgement = judge(read_history(file));
    result.status = RunStatus::judged;
  } catch (const RunInterrupted& interrupt) {
    result.interrupted = true;
    result.reason = interrupt.what();
  } catch (const std::exception& error) {
    result.reason = error.what();
    result.interrupted = options.interrupts != nullptr && options.interrupts->load() > 0;
  }
  if (result.status == RunStatus::broken && std::filesystem::exists(file))
    result.reason += fmt::format(" (what was recorded by then is in {})", file.string());
  result.elapsed = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
  return result;
}

std::vector<std::string> missing_capabilities(const Scenario& scenario, const RunOptions& options,
                                              Provider& provider) {
  std::vector<std::string> missing = provider.missing(scenario);
  std::ranges::move(missing_of_broker(scenario, options, provider), std::back_inserter(missing));
  for (const std::string& need : scenario.needs)
    if (need == "root" && ::geteuid() != 0) missing.push_back("needs root: run it with sudo");
  return missing;
}

}  // namespace faultline
