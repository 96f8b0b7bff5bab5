#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include "checkers/history_file.h"
#include "harness/cli/command.h"
#include "harness/exit_code.h"
#include "harness/report/figure_table.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/terminal.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> paths;
  ExitPolicy policy;
  bool json = false;
};

// In a suite what cannot be read is a run that broke: the others are judged all the same.
StoredRun check(const fs::path& path, bool of_suite) {
  StoredRun checked = read_stored_run(path);
  if (!checked.history_problem.empty()) {
    if (!of_suite) throw HistoryError(checked.history_problem);
    checked.run.status = RunStatus::broken;
    checked.run.reason = checked.history_problem;
    checked.run.judgement = {};
  }
  checked.run.not_undone.clear();  // which was the machine's state then, and is no verdict
  return checked;
}

std::vector<fs::path> runs_named(const fs::path& path) try {
  return runs_in(path);
} catch (const NoRunError& error) {
  throw UsageError(error.what());
}

void show(const StoredRun& checked, const TerminalStyle& style, std::ostream& out) {
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
    for (const fs::path& run : runs_named(path)) {
      const bool of_suite = run != path;
      if (!seen.insert(fs::canonical(run)).second) continue;  // named twice
      const StoredRun checked = check(run, of_suite);
      show(checked, style, out);
      if (of_suite && was_retried(checked.run)) continue;
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
