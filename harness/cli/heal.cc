#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "faults/journal.h"
#include "harness/cli/command.h"
#include "harness/exit_code.h"

namespace faultline {
namespace {

void show(const HealReport& report) {
  for (const std::string& line : report.undone) std::cout << "undone: " << line << "\n";
  for (const std::string& line : report.live)
    std::cout << "still running, not touched: " << line << "\n";
  for (const std::string& line : report.failed)
    std::cerr << "faultline: not undone: " << line << "\n";
  if (report.clean()) std::cout << "clean\n";
}

int execute(bool json) {
  const HealReport report = heal_leftovers(state_folder());
  if (json)
    std::cout << nlohmann::ordered_json{{"clean", report.clean()},
                                        {"undone", report.undone},
                                        {"failed", report.failed},
                                        {"live", report.live}}
                     .dump(2)
              << "\n";
  else
    show(report);
  return report.clean() ? exit_passed : exit_broken;
}

}  // namespace

Subcommand heal_command(CLI::App& program) {
  CLI::App* app = add_subcommand(program, "heal", "Undo what killed runs left on this machine",
                                 "  faultline heal\n"
                                 "  faultline heal --json\n"
                                 "\n"
                                 "Every run begins with this; runs beside it are not touched.\n"
                                 "Exit codes: 0 clean, 255 something could not be undone");
  auto json = std::make_shared<bool>(false);
  app->add_flag("--json", *json, "As JSON");
  return {app, [json] { return execute(*json); }};
}

}  // namespace faultline
