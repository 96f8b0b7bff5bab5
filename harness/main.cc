#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "checkers/history_file.h"
#include "harness/cli/command.h"
#include "harness/cluster/cluster.h"
#include "harness/exit_code.h"
#include "harness/report/run_json.h"
#include "harness/runs/record.h"

namespace faultline {
namespace {

constexpr const char* description =
    "Deploys a real broker cluster, breaks it on purpose while producers and\n"
    "consumers work, and judges from the recorded history whether it kept its\n"
    "promises.";

constexpr const char* footer =
    "Examples:\n"
    "  faultline run                      # every figure of the page\n"
    "  faultline run 1.3                  # one of them\n"
    "  faultline check results/latest     # judge again, from the histories alone\n"
    "  faultline COMMAND --help           # more about a command\n"
    "\n"
    "Exit codes: 0 every scenario passed, 1 a violation, 2 unknown, skipped or\n"
    "  not run, 130 interrupted, 254 bad usage or input, 255 the harness broke";

int complain(std::string_view what, int exit_code) {
  std::cerr << "faultline: " << what << "\n";
  return exit_code;
}

// The subcommand at fault knows better what would have been right.
std::string help_for(const CLI::App& program) {
  const auto parsed = program.get_subcommands();
  return "faultline " + (parsed.empty() ? "" : parsed.front()->get_name() + " ") + "--help";
}

int parse_error(const CLI::App& program, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
    return program.exit(error);
  const std::vector<std::string> unread = program.remaining();
  std::string what = program.get_subcommands().empty() && !unread.empty()
                         ? "there is no command or option '" + unread.front() + "'"
                         : error.what();
  std::ranges::replace(what, '\n', ' ');
  return complain(what + " (see '" + help_for(program) + "')", exit_usage);
}

int execute(const std::vector<Subcommand>& commands) {
  for (const Subcommand& command : commands)
    if (command.app->parsed()) return command.execute();
  return exit_broken;
}

int run(int argc, char** argv) {
  CLI::App program(description, "faultline");
  program.get_formatter()->column_width(28);
  program.footer(footer);
  program.set_version_flag("--version", "faultline " + std::string(program_version()),
                           "Print the version and exit");
  program.add_flag("-y,--yes")->description("Never ask");
  program.require_subcommand(1);
  const std::vector<Subcommand> commands = add_commands(program);
  try {
    program.parse(argc, argv);
    return execute(commands);
  } catch (const CLI::ParseError& error) {
    return parse_error(program, error);
  }
}

int run_and_explain(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const UsageError& error) {
    return complain(error.what(), exit_usage);
  } catch (const HistoryError& error) {
    return complain(error.what(), exit_usage);
  } catch (const RunJsonError& error) {
    return complain(error.what(), exit_usage);
  } catch (const RunsError& error) {
    return complain(error.what(), exit_usage);
  } catch (const ClusterError& error) {
    return complain(error.what(), exit_broken);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.what(), exit_usage);
  } catch (const std::exception& error) {
    return complain(std::string("internal error: ") + error.what(), exit_broken);
  }
}

}  // namespace
}  // namespace faultline

int main(int argc, char** argv) {
  const int code = faultline::run_and_explain(argc, argv);
  std::cout.flush();
  if (std::cout || code != faultline::exit_passed) return code;
  return faultline::complain("the standard output could not be written", faultline::exit_broken);
}
