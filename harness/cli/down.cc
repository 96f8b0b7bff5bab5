#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "faults/journal.h"
#include "harness/cli/command.h"
#include "harness/cli/kind_cluster.h"
#include "harness/kind_provider.h"

namespace faultline {
namespace {

bool remove(const std::string& name) {
  switch (owner_of_kind_cluster(name)) {
    case KindOwner::nobody:
      return false;
    case KindOwner::somebody:
      throw UsageError(fmt::format(
          "Faultline did not make the kind cluster '{0}'; to remove it: kind delete cluster "
          "--name {0}",
          name));
    case KindOwner::faultline:
      delete_kind_cluster(name, files_of(name));
  }
  return true;
}

int execute(const std::string& name, bool json) {
  if (const int code = exit_code_unless_kind_works(); code != exit_passed) return code;
  heal_leftovers(state_folder());  // what it cannot undo now is gone with the cluster
  const auto hold = hold_kind_cluster(name);
  const bool removed = remove(name);
  hold->finish();
  const HealReport left = heal_leftovers(state_folder());
  if (json)
    std::cout << nlohmann::ordered_json{{"cluster", name}, {"removed", removed}}.dump(2) << "\n";
  else
    std::cout << (removed ? "removed the kind cluster " + name : "there is no kind cluster " + name)
              << "\n";
  for (const std::string& line : left.failed)
    std::cerr << "faultline: not undone: " << line << "\n";
  return left.clean() ? exit_passed : exit_broken;
}

}  // namespace

Subcommand down_command(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "down", "Remove the kind cluster that was kept",
                     "  faultline down\n"
                     "  faultline down --cluster other\n"
                     "  faultline down --json\n"
                     "\n"
                     "Refuses a cluster that Faultline did not make, and one that a run uses.\n"
                     "Exit codes: 0 it is gone (or there was none), 2 Docker or kind is missing,\n"
                     "  254 bad usage or not Faultline's, 255 it could not be removed");
  auto name = std::make_shared<std::string>(kept_kind_cluster);
  auto json = std::make_shared<bool>(false);
  add_cluster_option(*app, *name, kept_kind_cluster);
  app->add_flag("--json", *json, "As JSON");
  return {app, [name, json] { return execute(*name, *json); }};
}

}  // namespace faultline
