#include "harness/cli/command.h"

#include <CLI/CLI.hpp>

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
  app.add_option_function<std::string>(
         "--fail-on",
         [&policy](const std::string& what) {
           policy.fail_on = what == "unexpected" ? FailOn::unexpected : FailOn::violation;
         },
         "violation (default): whatever fails. unexpected: a\n"
         "known issue may fail, what is built to fail must")
      ->check(CLI::IsMember({"violation", "unexpected"}));
}

std::string_view program_version() { return FAULTLINE_VERSION; }

}  // namespace faultline
