// The commands of the program: one file each.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/exit_code.h"

namespace CLI {
class App;
class Validator;
}

namespace faultline {

// Bad usage or input: what() is one line, the exit code is 254.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Subcommand {
  CLI::App* app;
  std::function<int()> execute;  // returns the exit code
};

// Each adds its subcommand to the program.
Subcommand run_command(CLI::App& program);
Subcommand plan_command(CLI::App& program);
Subcommand list_command(CLI::App& program);
Subcommand validate_command(CLI::App& program);
Subcommand check_command(CLI::App& program);
Subcommand report_command(CLI::App& program);
Subcommand history_command(CLI::App& program);
Subcommand doctor_command(CLI::App& program);
Subcommand heal_command(CLI::App& program);
Subcommand up_command(CLI::App& program);
Subcommand down_command(CLI::App& program);
Subcommand runs_command(CLI::App& program);
Subcommand trends_command(CLI::App& program);
Subcommand compare_command(CLI::App& program);
Subcommand prune_command(CLI::App& program);
Subcommand watch_command(CLI::App& program);
Subcommand completion_command(CLI::App& program);
Subcommand in_node_command(CLI::App& program);

std::vector<Subcommand> add_commands(CLI::App& program);

// A subcommand with the options that every command accepts, and its examples.
CLI::App* add_subcommand(CLI::App& program, const std::string& name, const std::string& description,
                         const std::string& examples);

// --allow-skip, --allow-not-run and --fail-on; the policy must outlive the parsing.
void add_exit_policy(CLI::App&, ExitPolicy&);

// So that an empty variable in somebody's script does not mean the default.
CLI::Validator not_empty();

std::string_view program_version();

}  // namespace faultline
