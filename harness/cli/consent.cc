#include "harness/cli/consent.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "harness/cli/command.h"
#include "harness/cli/scenarios.h"
#include "harness/read_target_file.h"

namespace faultline {
namespace {

// Set for all runs of a machine, it may mean nothing to this one.
bool is_of_environment(const CLI::Option& option) {
  const char* value =
      option.get_envname().empty() ? nullptr : std::getenv(option.get_envname().c_str());
  return value != nullptr && option.results() == std::vector<std::string>{value};
}

void check_target_file(const std::filesystem::path& path) {
  const LoadedTargetFile loaded = load_target_file(path);
  print_problems(loaded.problems);
  if (!loaded.problems.empty())
    throw UsageError(
        "nothing was done: the target file has problems; docs/staging.md says what "
        "belongs there");
}

std::string answer_to(const std::string& question) {
  std::cerr << question << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer;
}

// A --yes in some script must not be enough for production.
void confirm_name(const std::string& name, const Consent& consent, bool is_terminal) {
  if (name.empty() || consent.typed == name) return;
  if (!consent.typed.empty())
    throw UsageError(
        fmt::format("--confirm says '{}', and the context is '{}'", consent.typed, name));
  if (!is_terminal || consent.yes)
    throw UsageError(fmt::format(
        "this looks like production: say the name of its context, --confirm {}, to go on", name));
  if (answer_to(fmt::format("This looks like production. Type the context's name, {}, to go on: ",
                            name)) != name)
    throw UsageError("nothing was done: that is not its name");
}

void confirm(const Provider& provider, const Consent& consent) {
  const bool is_terminal = ::isatty(STDIN_FILENO) == 1;
  confirm_name(provider.to_be_typed(), consent, is_terminal);
  if (consent.yes) return;
  if (!is_terminal) throw UsageError("nobody is there to agree to this plan: pass --yes");
  const std::string answer = answer_to("Go on? [y/N] ");
  if (answer != "y" && answer != "yes") throw UsageError("nothing was done");
}

}  // namespace

void add_provider_options(CLI::App& app, ProviderOptions& options) {
  app.add_option("--provider", options.name, "Where the cluster runs (local)")
      ->check(CLI::IsMember({"local", "kind", "kubernetes"}));
  app.add_option("--target", options.target, "What may be hit, of kubernetes: docs/staging.md")
      ->type_name("FILE");
}

void check_provider_options(const CLI::App& app, const ProviderOptions& options) {
  constexpr std::array owners{
      std::pair{"--cluster", "kind"},      std::pair{"--node-image", "kind"},
      std::pair{"--broker-image", "kind"}, std::pair{"--keep", "kind"},
      std::pair{"--reuse", "kind"},        std::pair{"--confirm", "kubernetes"}};
  for (const auto& [name, owner] : owners) {
    const CLI::Option* option = app.get_option_no_throw(name);
    if (option != nullptr && options.name != owner && option->count() > 0 &&
        !is_of_environment(*option))
      throw UsageError(fmt::format("{} belongs to --provider {}", name, owner));
  }
}

void add_consent_options(CLI::App& app, Consent& consent) {
  app.get_option("--yes")->each([&consent](const std::string&) { consent.yes = true; });
  app.add_option("--confirm", consent.typed, "Of kubernetes: the context, typed")
      ->type_name("NAME");
}

std::unique_ptr<Provider> chosen_provider(const ProviderOptions& options) {
  const bool existing = options.name == "kubernetes";
  if (existing && options.target.empty())
    throw UsageError(
        "--provider kubernetes needs --target FILE, which says what may be hit: docs/staging.md");
  if (!existing && !options.target.empty())
    throw UsageError("--target belongs to --provider kubernetes");
  if (existing) check_target_file(options.target);
  return or_usage([&] { return make_provider(options); });
}

std::string plan_of(Provider& provider, std::span<const Scenario> scenarios) {
  return or_usage([&] { return provider.plan(scenarios); });
}

std::unique_ptr<Provider> agreed_provider(const ProviderOptions& options,
                                          std::span<const Scenario> scenarios,
                                          const Consent& consent, std::ostream& out,
                                          const std::function<bool()>& cancelled) {
  auto provider = chosen_provider(options);
  if (!provider->asks_first()) return provider;
  out << plan_of(*provider, scenarios) << "\n" << std::flush;
  confirm(*provider, consent);
  const auto message = [&out](const std::string& line) { out << line << "\n" << std::flush; };
  or_usage([&] { provider->begin(message, cancelled); });
  return provider;
}

}  // namespace faultline
