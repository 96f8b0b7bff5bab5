#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "faults/journal.h"
#include "harness/cli/command.h"
#include "harness/cluster/cluster.h"
#include "harness/exit_code.h"
#include "harness/kubernetes_heal.h"

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

struct Arguments {
  std::string provider;  // empty: this machine
  HealPlace place;
  bool json = false;
};

void append(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

HealReport heal(const Arguments& arguments) {
  HealReport report = heal_leftovers(state_folder());
  if (::geteuid() != 0)
    if (const auto left = left_to_root(); !left.empty()) report.failed.push_back(left);
  if (arguments.provider != "kubernetes") return report;
  const HealReport cluster = [&] {
    try {
      return heal_cluster(arguments.place,
                          [](const std::string& line) { std::cerr << line << "\n"; });
    } catch (const ClusterError& error) {
      throw UsageError(error.what());
    } catch (const KubeconfigError& error) {
      throw UsageError(error.what());
    } catch (const KubernetesError& error) {
      return HealReport{{}, {error.what()}, {}};
    }
  }();
  append(report.undone, cluster.undone);
  append(report.failed, cluster.failed);
  append(report.live, cluster.live);
  return report;
}

std::string problem_of_namespace(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 63 &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == name.npos;
  return good ? "" : "a namespace's name is made of a-z, 0-9 and '-', at most 63 of them";
}

void check(const Arguments& arguments) {
  const HealPlace& place = arguments.place;
  const bool somewhere = !place.target.empty() || !place.kubeconfig.empty() ||
                         !place.context.empty() || !place.namespace_name.empty();
  if (somewhere && arguments.provider != "kubernetes")
    throw UsageError(
        "--target, --kubeconfig, --context and --namespace belong to --provider "
        "kubernetes");
  if (!place.target.empty() && !(place.kubeconfig.empty() && place.context.empty()))
    throw UsageError("--target says which cluster it is: leave --kubeconfig and --context out");
}

int execute(const Arguments& arguments) {
  check(arguments);
  const HealReport report = heal(arguments);
  if (arguments.json)
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
  CLI::App* app =
      add_subcommand(program, "heal", "Undo what killed runs left",
                     "  faultline heal\n"
                     "  faultline heal --json\n"
                     "  faultline heal --provider kubernetes --target staging.yaml\n"
                     "  faultline heal --provider kubernetes --context staging\n"
                     "\n"
                     "Of kubernetes also what is recorded in the cluster, by a harness\n"
                     "on another machine too.\n"
                     "Every run begins with this; runs beside it are not touched. Each user's\n"
                     "runs are his own; where root's may have left something it says so.\n"
                     "Exit codes: 0 clean, 254 bad usage or input, 255 something could not be\n"
                     "  undone");
  auto arguments = std::make_shared<Arguments>();
  HealPlace& place = arguments->place;
  app->add_option("--provider", arguments->provider, "kubernetes: a cluster's records too")
      ->check(CLI::IsMember({"local", "kind", "kubernetes"}));
  app->add_option("--target", place.target, "The target file of the runs")->type_name("FILE");
  app->add_option("--kubeconfig", place.kubeconfig, "Without a target file (kubectl's)")
      ->type_name("FILE");
  app->add_option("--context", place.context, "Without a target file (the current one)")
      ->type_name("NAME");
  app->add_option("--namespace", place.namespace_name, "Only this one (all)")
      ->type_name("NAME")
      ->check(CLI::Validator(problem_of_namespace, ""));
  app->add_flag("--json", arguments->json, "As JSON");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
