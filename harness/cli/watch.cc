#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "harness/cli/command.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/words.h"
#include "harness/runs/folders.h"
#include "harness/runs/text.h"
#include "harness/watch/history_tail.h"
#include "harness/watch/live_view.h"
#include "harness/watch/output.h"
#include "workloads/recorder.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  fs::path path = "results/latest";
  double interval = 1;  // seconds
  ExitPolicy policy;
  bool json = false;
  bool once = false;
};

bool is_suite(const fs::path& folder) {
  return under_way(folder) || fs::exists(folder / "junit.xml");
}

bool has_verdict(const fs::path& run) { return fs::exists(run / run_json_name); }

// The one that began first among those not seen yet: it ended first, or is under way. Every
// folder is a run's, also before anything is recorded in it.
std::optional<fs::path> next_run(const fs::path& suite, const std::set<fs::path>& seen) {
  std::vector<fs::path> unseen = folders_in(suite);
  std::erase_if(unseen, [&](const fs::path& run) { return seen.contains(run); });
  if (unseen.empty()) return std::nullopt;
  return *std::ranges::min_element(unseen, {}, [](const fs::path& run) {
    return has_verdict(run) ? fs::last_write_time(run / run_json_name) : fs::file_time_type::max();
  });
}

class Watch {
 public:
  Watch(const Arguments& arguments, WatchOutput& output) : arguments_(arguments), output_(output) {}

  ExitCode run(WatchedRun watched) {
    HistoryTail tail(watched.folder / history_file_name);
    LiveView view;
    bool told = false;
    for (;;) {
      const bool alive = under_way(watched.folder.parent_path());  // before looking for a verdict
      if (has_verdict(watched.folder)) return finished(watched);
      tail.read();
      if (tail.has_begun()) {
        watched.header = &tail.history().header;
        view.read(tail.history());
      }
      if (!alive) return killed(watched, tail, view.state(std::nullopt));
      if (!tail.problem().empty() && !std::exchange(told, true))
        output_.message(fmt::format("the history: {}", tail.problem()));
      LiveState state = view.state(monotonic_now());
      if (!tail.has_begun()) state = nothing_recorded();
      output_.show(watched, state);
      if (arguments_.once || !std::cout) return exit_passed;
      pause();
    }
  }

  // From run to run, until nobody holds the suite any more.
  ExitCode suite(const fs::path& folder) {
    std::set<fs::path> seen;
    ExitCode code = exit_passed;
    bool alive = under_way(folder);
    if (arguments_.once && alive) return under_way_now(folder);
    for (; std::cout; alive = under_way(folder)) {
      if (const auto next = next_run(folder, seen)) {
        seen.insert(*next);
        code = worse(code, run({*next, seen.size(), nullptr}));
      } else if (alive) {
        output_.no_run_under_way(folder);
        pause();
      } else {
        return suite_over(folder, code);
      }
    }
    return code;
  }

 private:
  ExitCode under_way_now(const fs::path& suite) {
    std::set<fs::path> over;
    for (const fs::path& run : folders_in(suite))
      if (has_verdict(run)) over.insert(run);
    if (const auto next = next_run(suite, over)) return run({*next, over.size() + 1, nullptr});
    output_.no_run_under_way(suite);
    return exit_passed;
  }

  static LiveState nothing_recorded() {
    LiveState state;
    state.figures.phase = "deploy";
    return state;
  }

  ExitCode finished(const WatchedRun& watched) {
    return end(watched, read_run_json(watched.folder / run_json_name), WatchEnd::finished);
  }

  ExitCode killed(const WatchedRun& watched, const HistoryTail& tail, const LiveState& state) {
    const std::string damage = tail.has_begun() ? tail.history().damage : "";
    RunResult run;
    run.scenario.name = watched.folder.filename();
    if (tail.has_begun()) run.scenario = scenario_of(tail.history().header);
    run.folder = watched.folder;
    run.elapsed = state.figures.elapsed;
    run.reason = fmt::format(
        "killed {}: nobody holds the suite's folder, and there is no {}{}; 'faultline check' "
        "judges what was recorded, 'faultline heal' undoes what is left broken",
        tail.has_begun() ? "in phase " + state.figures.phase : "before it recorded anything",
        run_json_name, damage.empty() ? "" : "; the history is " + damage);
    return end(watched, run, WatchEnd::killed);
  }

  ExitCode end(const WatchedRun& watched, const RunResult& run, WatchEnd end) {
    const ExitCode code = exit_code(run, arguments_.policy);
    output_.ended(watched, run, end, code);
    if (was_retried(run)) return exit_passed;  // what took its place counts
    seen_.runs.push_back(run);
    return code;
  }

  ExitCode suite_over(const fs::path& folder, ExitCode code) {
    if (fs::exists(folder / unfinished_name)) {
      seen_.problem = "killed before its end: what was to follow did not run";
      code = worse(code, exit_broken);
    }
    if (seen_.runs.empty() && seen_.problem.empty())
      throw UsageError(fmt::format("'{}' is over, and no run was made", plain(folder.string())));
    seen_.name = folder.filename();
    seen_.folder = folder;
    output_.suite_over(seen_, code);
    return code;
  }

  void pause() const {
    std::this_thread::sleep_for(std::chrono::duration<double>(arguments_.interval));
  }

  const Arguments& arguments_;
  WatchOutput& output_;
  SuiteResult seen_;
};

int execute(const Arguments& arguments) {
  std::ios::sync_with_stdio(false);  // a picture is written as a whole
  std::error_code error;
  const fs::path folder = fs::canonical(arguments.path, error);
  if (error || !fs::is_directory(folder))
    throw UsageError(fmt::format("'{}' is no folder; name a run's or a suite's",
                                 plain(arguments.path.string())));
  const auto output =
      arguments.json ? watch_json(std::cout)
                     : watch_terminal(
                           std::cout, [] { return detect_style(STDOUT_FILENO); }, arguments.once);
  Watch watch(arguments, *output);
  if (is_suite(folder)) return watch.suite(folder);
  if (is_run(folder) || is_suite(folder.parent_path())) return watch.run({folder, 0, nullptr});
  throw UsageError(
      fmt::format("'{}' holds neither a run nor a suite; name a folder that 'run' made",
                  plain(arguments.path.string())));
}

}  // namespace

Subcommand watch_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "watch", "Watch a run that is under way elsewhere here",
      "  faultline watch                             # the latest suite, run by run\n"
      "  faultline watch results/latest/broker-leader\n"
      "  faultline watch --once --json | jq .writes  # one look, for a script\n"
      "\n"
      "It only reads files. Exit codes are those of run, once a verdict is there;\n"
      "255 for what was killed; 0 for --once on one under way.");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("run", arguments->path, "A run's folder, or a suite's (results/latest)")
      ->type_name("RUN|SUITE");
  app->add_option("--interval", arguments->interval, "Seconds between two looks (1)")
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0));
  app->add_flag("--json", arguments->json, "As JSON Lines: an object each interval");
  app->add_flag("--once", arguments->once, "One look, then end");
  add_exit_policy(*app, arguments->policy);
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
