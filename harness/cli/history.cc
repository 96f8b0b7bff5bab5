#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "checkers/history_file.h"
#include "harness/cli/command.h"
#include "harness/exit_code.h"
#include "harness/jsonl.h"
#include "harness/print_history.h"
#include "harness/runner.h"

namespace faultline {
namespace {

struct Arguments {
  std::filesystem::path path;
  bool jsonl = false;
};

int execute(const Arguments& arguments) {
  const std::filesystem::path file = std::filesystem::is_directory(arguments.path)
                                         ? arguments.path / history_file_name
                                         : arguments.path;
  std::ios::sync_with_stdio(false);
  const History history = read_history(file);
  if (!history.damage.empty()) std::cerr << "faultline: " << history.damage << "\n";
  arguments.jsonl ? write_jsonl(history, std::cout) : print_history(history, std::cout);
  std::cout.flush();
  return std::cout ? exit_passed : exit_broken;
}

}  // namespace

Subcommand history_command(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "history", "Print a run's history, or export it",
                     "  faultline history results/latest/broker-leader | less\n"
                     "  faultline history --jsonl history.flt | gzip > history.jsonl.gz");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("run", arguments->path, "A run's folder, or a history file")
      ->type_name("RUN|HISTORY")
      ->required();
  app->add_flag("--jsonl", arguments->jsonl, "As JSON Lines, for other checkers");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
