#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/process.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "harness/broker/memphis/memphis_binary.h"
#include "harness/broker/memphis/metadata_database.h"
#include "harness/broker/nats/nats_binary.h"
#include "harness/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/consent.h"
#include "harness/cluster/capabilities.h"
#include "harness/exit_code.h"
#include "harness/kubernetes/asked.h"
#include "harness/kubernetes/kind.h"
#include "harness/kubernetes/permissions.h"
#include "harness/kubernetes_access.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

namespace bp = boost::process;

enum class State { present, missing, absent };  // absent: only some scenarios need it

struct Ability {
  std::string what;
  State state;
  bool required;
  std::string found;   // what there is, or what it is needed for
  std::string remedy;  // what to do if it is not there
};

Ability required(std::string what, bool present, std::string found, std::string remedy) {
  return {std::move(what), present ? State::present : State::missing, true, std::move(found),
          present ? "" : std::move(remedy)};
}

Ability optional(std::string what, bool present, std::string found, std::string remedy) {
  return {std::move(what), present ? State::present : State::absent, false, std::move(found),
          present ? "" : std::move(remedy)};
}

Ability broker() {
  NatsBinarySources look_only = NatsBinarySources::of_this_user();
  look_only.installer = "/bin/false";
  try {
    const NatsBinary binary = find_nats_binary(
        {}, [](const std::string&) {}, look_only);
    return required("nats-server", true, to_string(binary.version), "");
  } catch (const std::exception&) {
    return required("nats-server", false, "the default broker",
                    "tools/install-nats (run does it by itself where it can)");
  }
}

Ability memphis() try {
  const MemphisBinary binary = find_memphis_binary({}, "");
  return optional("Memphis", true, fmt::format("{}, {}", binary.version, binary.path.string()), "");
} catch (const ClusterError& error) {
  return optional("Memphis", false, "--broker memphis", error.what());
}

Ability postgresql() {
  const auto lack = why_no_metadata_database();
  return optional("PostgreSQL", lack.empty(), "--broker memphis", lack);
}

Ability disk() {
  constexpr std::uintmax_t wanted = 2'000'000'000;
  std::error_code error;
  const auto space = std::filesystem::space(".", error);
  return required("disk", !error && space.available >= wanted,
                  fmt::format("{:.1f} GB free here", static_cast<double>(space.available) / 1e9),
                  "free 2 GB, or run with --results DIR on another disk");
}

Ability processors() {
  const unsigned count = std::thread::hardware_concurrency();
  return optional("processors", count >= 2, fmt::format("{}", count),
                  "on one processor the brokers starve each other: gaps look longer");
}

Ability memory() {
  const double bytes = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  return optional("memory", bytes >= 2e9, fmt::format("{:.1f} GB", bytes / 1e9),
                  "2 GB are enough for every scenario");
}

Ability program(const std::string& name, const std::string& purpose, const std::string& package) {
  const auto path = bp::search_path(name, {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                           "/usr/bin", "/sbin", "/bin", "/usr/local/go/bin"});
  return optional(name, !path.empty(), path.empty() ? purpose : path.string(), package);
}

Ability root() {
  return optional("root", ::geteuid() == 0, ::geteuid() == 0 ? "yes" : "workers and volumes",
                  "sudo");
}

// Each was tried.
Ability tried(const Capability& capability) {
  return optional(capability.what, capability.works, capability.purpose,
                  capability.works ? "" : capability.found + "; needs " + capability.remedy);
}

std::vector<Ability> examine() {
  std::vector<Ability> abilities{
      broker(),
      disk(),
      processors(),
      memory(),
      program("go", "builds other versions of the broker", "golang-go (1.21 or newer), or pip"),
      memphis(),
      postgresql(),
      root(),
  };
  for (const auto& capabilities : {network_capabilities(), volume_capabilities()})
    std::ranges::transform(capabilities, std::back_inserter(abilities), tried);
  return abilities;
}

Ability inotify() {
  const int most = inotify_instances();
  return optional("inotify", most >= enough_inotify_instances, fmt::format("{} instances", most),
                  fmt::format("two clusters at the same time at most; more with sysctl -w "
                              "fs.inotify.max_user_instances={}",
                              enough_inotify_instances));
}

std::vector<Ability> examine_kind() {
  const auto missing = missing_for_kind();
  std::vector<Ability> abilities{required("Docker and kind", missing.empty(),
                                          missing.empty() ? "both answer" : "every scenario",
                                          missing)};
  if (missing.empty()) {
    const auto image = node_image_here();
    abilities.push_back(optional("node image", !image.empty(), image.empty() ? "kind" : image,
                                 "kind pulls it; where it cannot: "
                                 "kind-config/node-image/build-image"));
  }
  abilities.push_back(inotify());
  for (Ability& ability : std::vector{broker(), disk(), processors(), memory()})
    abilities.push_back(std::move(ability));
  return abilities;
}

// The figures, else names, of the page's scenarios with one of these faults.
std::string scenarios_with(const std::vector<std::string>& faults) {
  if (faults.empty()) return "every scenario";
  std::string names;
  for (const Scenario& scenario : load_catalogue({}, Selection::to_run).scenarios)
    if (std::ranges::any_of(scenario.faults, [&](const FaultStep& step) {
          return std::ranges::find(faults, step.fault) != faults.end();
        }))
      names +=
          (names.empty() ? "" : ", ") + (scenario.figure.empty() ? scenario.name : scenario.figure);
  return names.empty() ? fmt::format("{}", fmt::join(faults, ", ")) : names;
}

// Each permission by itself: what is missing for all is MISSING, for some absent.
std::vector<Ability> examine_cluster(const std::filesystem::path& path) {
  const TargetFile target = good_target_file(path);
  Kubernetes api(access_of(target), read_only());
  std::vector<Ability> abilities;
  for (const Permission& permission : permissions_for(target)) {
    const bool granted = is_granted(api, permission);
    const auto purpose = granted ? permission.namespace_name.empty()
                                       ? "in the whole cluster"
                                       : "in " + permission.namespace_name
                                 : scenarios_with(permission.faults);
    const auto make = permission.faults.empty() ? required : optional;
    abilities.push_back(
        make(permission.verb + " " + permission.resource, granted, purpose,
             fmt::format("missing {}; kind-config/rbac has it",
                         permission.namespace_name.empty() ? "in the whole cluster"
                                                           : "in " + permission.namespace_name)));
  }
  return abilities;
}

std::string_view word(State state) {
  return state == State::present ? "ok" : state == State::missing ? "MISSING" : "absent";
}

void show(const std::vector<Ability>& abilities) {
  std::size_t width = 18;
  for (const Ability& ability : abilities) width = std::max(width, ability.what.size());
  for (const Ability& ability : abilities) {
    const std::string text = ability.remedy.empty()
                                 ? ability.found
                                 : fmt::format("for {}: {}", ability.found, ability.remedy);
    const std::string begin =
        fmt::format("{:<{}}  {:<7}  ", ability.what, width, word(ability.state));
    std::cout << begin + wrap(text, 80, begin.size()).substr(begin.size());
  }
}

void show_json(const std::vector<Ability>& abilities) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Ability& ability : abilities)
    list.push_back({{"what", ability.what},
                    {"present", ability.state == State::present},
                    {"required", ability.required},
                    {"found", ability.found},
                    {"remedy", ability.remedy}});
  std::cout << list.dump(2) << "\n";
}

std::vector<Ability> examine(const ProviderOptions& provider) {
  chosen_provider(provider);
  if (provider.name == "kind") return examine_kind();
  if (provider.name == "local") return examine();
  return or_usage([&] { return asked([&] { return examine_cluster(provider.target); }); });
}

// Without netem packets are delayed by a queue; XFS and Memphis are choices.
bool lacks_something(const std::vector<Ability>& abilities) {
  const std::set<std::string> dispensable{"netem", "xfs volume", "Memphis", "PostgreSQL"};
  return std::ranges::any_of(abilities, [&](const Ability& ability) {
    return ability.state == State::absent && !dispensable.contains(ability.what);
  });
}

std::string_view conclusion(const std::vector<Ability>& abilities, bool complete,
                            const std::string& provider) {
  if (provider == "kubernetes")
    return complete ? "The cluster lets faultline run what the target file allows."
                    : "The cluster does not let faultline run: see MISSING.";
  if (provider == "kind" && complete) return "This machine can run all scenarios on kind.";
  if (!complete) return "This machine cannot run scenarios yet: see MISSING.";
  return lacks_something(abilities)
             ? "This machine can run the broker scenarios; for the others see absent."
             : "This machine can run all scenarios.";
}

int execute(bool json, const ProviderOptions& provider) {
  const std::vector<Ability> abilities = examine(provider);
  json ? show_json(abilities) : show(abilities);
  const bool complete = std::ranges::none_of(
      abilities, [](const Ability& ability) { return ability.state == State::missing; });
  if (!json) std::cout << "\n" << conclusion(abilities, complete, provider.name) << "\n";
  return complete ? exit_passed : exit_unknown;
}

}  // namespace

Subcommand doctor_command(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "doctor", "Show what this machine can do and what it lacks",
                     "  faultline doctor\n"
                     "  faultline doctor --json | jq '.[] | select(.present | not)'\n"
                     "  faultline doctor --provider kind\n"
                     "  faultline doctor --provider kubernetes --target staging.yaml\n"
                     "\n"
                     "MISSING: no scenario runs without it; absent: some do not.\n"
                     "Exit codes: 0 ready, 2 something is missing, 254 bad usage or input,\n"
                     "  255 the API server does not answer");
  auto json = std::make_shared<bool>(false);
  auto provider = std::make_shared<ProviderOptions>();
  add_provider_options(*app, *provider);
  app->add_flag("--json", *json, "As JSON");
  return {app, [json, provider] { return execute(*json, *provider); }};
}

}  // namespace faultline
