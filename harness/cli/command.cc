#include "harness/cli/command.h"

#include <CLI/CLI.hpp>
#include <map>

namespace faultline {

std::vector<Subcommand> add_commands(CLI::App& program) {
  return {run_command(program),      plan_command(program),       list_command(program),
          validate_command(program), check_command(program),      report_command(program),
          history_command(program),  doctor_command(program),     heal_command(program),
          up_command(program),       down_command(program),       runs_command(program),
          trends_command(program),   compare_command(program),    prune_command(program),
          watch_command(program),    completion_command(program), in_node_command(program)};
}

CLI::App* add_subcommand(CLI::App& program, const std::string& name, const std::string& description,
                         const std::string& examples) {
  CLI::App* app = program.add_subcommand(name, description);
  app->footer("Examples:\n" + examples);
  app->add_flag("-y,--yes")->description("Never ask");
  return app;
}

void add_exit_policy(CLI::App& app, ExitPolicy& policy) {
  app.add_flag("--allow-skip", policy.allow_skip, "A skipped scenario is no reason to exit with 2");
  app.add_flag("--allow-not-run", policy.allow_not_run,
               "Nor is one that a time limit left no time for");
  static const std::map<std::string, FailOn> words{{"unexpected", FailOn::unexpected},
                                                   {"known", FailOn::known},
                                                   {"violation", FailOn::violation},
                                                   {"unknown", FailOn::unknown}};
  app.add_option_function<std::string>(
         "--fail-on", [&policy](const std::string& what) { policy.fail_on = words.at(what); },
         "What exits with 1, each more than the one before:\n"
         "unexpected (what is built to fail must), known\n"
         "issues too, any violation (default), unknown too;\n"
         "docs/nightly.md has the table")
      ->check(CLI::IsMember({"unexpected", "known", "violation", "unknown"}));
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) { return text.empty() ? "must not be empty" : std::string(); },
      "");
}

std::string_view program_version() { return FAULTLINE_VERSION; }

}  // namespace faultline
