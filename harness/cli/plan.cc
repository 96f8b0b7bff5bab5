#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "harness/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/consent.h"
#include "harness/cli/scenarios.h"
#include "harness/exit_code.h"

namespace faultline {
namespace {

struct Arguments {
  std::vector<std::string> scenarios;
  ProviderOptions provider;
};

int execute(const Arguments& arguments) {
  const std::vector<Scenario> scenarios = scenarios_to_run(arguments.scenarios, scenarios_folder());
  const std::unique_ptr<Provider> provider = chosen_provider(arguments.provider);
  std::cout << plan_of(*provider, scenarios);
  if (const std::string name = provider->to_be_typed(); !name.empty())
    std::cout << "\nThis looks like production: run wants --confirm " << name << ".\n";
  std::cout << "\nNothing was changed.\n";
  return exit_passed;
}

}  // namespace

Subcommand plan_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "plan", "Show whom a run would hit; change nothing",
      "  faultline plan 1.3 --provider kubernetes --target staging.yaml\n"
      "  faultline plan scenarios/brokers --provider kubernetes --target staging.yaml\n"
      "  faultline plan my.yaml\n"
      "\n"
      "Exit codes: 0 it may be run, 254 it is refused, or bad usage or input,\n"
      "  255 the API server does not answer");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("scenario", arguments->scenarios, "Files, folders, figures or names")
      ->type_name("SCENARIO|FOLDER");
  add_provider_options(*app, arguments->provider);
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
