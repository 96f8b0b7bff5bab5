#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include "checkers/history_file.h"
#include "checkers/judge.h"
#include "harness/cli/command.h"
#include "harness/exit_code.h"
#include "harness/report/figure_table.h"
#include "harness/report/run_json.h"
#include "harness/report/terminal.h"
#include "harness/report/words.h"
#include "harness/runs/recorded.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> paths;
  ExitPolicy policy;
  bool json = false;
};

struct Checked {
  RunResult run;
  std::optional<std::vector<std::string>> differences;  // to run.json, where there is one
  std::string not_compared;                             // why, where there is something to say
};

bool is_run(const fs::path& folder) {
  return fs::exists(folder / history_file_name) || fs::exists(folder / run_json_name);
}

// A run is itself; a suite is its runs, in order of name, those among them too that
// were killed before they had recorded anything.
std::vector<fs::path> runs_in(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error))
    throw UsageError(
        fmt::format("'{}' does not exist; name a run, a suite or a history file", path.string()));
  if (!fs::is_directory(path) || is_run(path)) return {path};
  std::vector<fs::path> runs;
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    if (entry.is_directory() && !entry.is_symlink()) runs.push_back(entry.path());
  if (std::ranges::none_of(runs, is_run))
    throw UsageError(fmt::format("'{}' holds no run: no {} in it or right below it", path.string(),
                                 history_file_name));
  std::ranges::sort(runs);
  return runs;
}

std::optional<RunResult> recorded(const fs::path& folder) {
  if (!fs::exists(folder / run_json_name)) return std::nullopt;
  return read_run_json(folder / run_json_name);
}

RunResult without_record(const fs::path& folder) {
  RunResult run;
  run.scenario.name = folder.filename();
  run.folder = folder;
  run.reason = fmt::format("there is neither {} nor {}: killed before it recorded anything",
                           history_file_name, run_json_name);
  return run;
}

Checked check(const fs::path& path) {
  const bool lone = !fs::is_directory(path);
  const fs::path file = lone ? path : path / history_file_name;
  if (!is_run(path) && !lone) return {without_record(path), {}, {}};
  if (!lone && !fs::exists(file))
    return {*recorded(path), {}, {}};  // skipped, or broke before it began
  Checked checked{run_of(read_history(file), file), {}, {}};
  std::optional<RunResult> then;
  if (!lone) try {
      then = recorded(path);
      if (!then) checked.not_compared = "there is no run.json to compare with";
    } catch (const RunJsonError& error) {
      checked.not_compared = std::string("not compared with run.json: ") + error.what();
    }
  if (!then) return checked;
  checked.run.elapsed = then->elapsed;
  if (then->status == RunStatus::judged) {
    checked.differences = differences(then->judgement, checked.run.judgement);
  } else {
    checked.run.status = then->status;
    checked.run.reason = then->reason;
    checked.run.interrupted = then->interrupted;
  }
  return checked;
}

void show(const Checked& checked, const TerminalStyle& style, std::ostream& out) {
  out << verdict_lines(checked.run, style);
  if (!checked.not_compared.empty()) out << wrap(checked.not_compared, style.columns, 2);
  if (checked.differences && checked.differences->empty()) out << "  agrees with run.json\n";
  if (checked.differences && !checked.differences->empty()) {
    out << "  disagrees with run.json, which another version may have written:\n";
    for (const std::string& line : *checked.differences) out << wrap(line, style.columns, 4);
  }
  out << "\n";
}

int execute(const Arguments& arguments) {
  const TerminalStyle style = detect_style(arguments.json ? STDERR_FILENO : STDOUT_FILENO);
  std::ostream& out = arguments.json ? std::cerr : std::cout;
  SuiteResult suite;
  ExitCode code = exit_passed;
  std::set<fs::path> seen;
  for (const fs::path& path : arguments.paths)
    for (const fs::path& run : runs_in(path)) {
      if (!seen.insert(fs::canonical(run)).second) continue;  // named twice
      const Checked checked = check(run);
      show(checked, style, out);
      code = worse(code, exit_code(checked.run, arguments.policy));
      if (checked.differences && !checked.differences->empty()) code = worse(code, exit_unknown);
      suite.runs.push_back(checked.run);
    }
  if (suite.runs.size() > 1) out << figure_table(suite);
  if (arguments.json) std::cout << suite_json(suite, std::string(program_version()), code);
  return code;
}

}  // namespace

Subcommand check_command(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "check", "Judge runs again, from their history alone",
                     "  faultline check results/latest\n"
                     "  faultline check results/latest/broker-leader\n"
                     "  faultline check history.flt --json\n"
                     "\n"
                     "Exit codes are those of run; a verdict that differs from the one in\n"
                     "run.json is never 0.");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("run", arguments->paths, "A run's folder, a suite's, or a history file")
      ->type_name("RUN|HISTORY")
      ->required();
  add_exit_policy(*app, arguments->policy);
  app->add_flag("--json", arguments->json, "As JSON");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
