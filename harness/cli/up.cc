#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "faults/journal.h"
#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_binary.h"
#include "harness/cli/command.h"
#include "harness/cli/consent.h"
#include "harness/cli/kind_cluster.h"
#include "harness/interrupt.h"
#include "harness/kind_provider.h"
#include "harness/report/terminal.h"
#include "harness/under_way.h"

namespace faultline {
namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  ProviderOptions provider;
  RunOptions run;
  bool json = false;
};

void provide_broker(KindProvider& provider, const RunOptions& options, const Message& message) {
  const auto binary = find_nats_binary({options.broker_binary, options.broker_version}, message,
                                       NatsBinarySources::of_this_user(),
                                       [&options] { return interrupted(options); });
  provider.provide_image_of(nats_program(binary, ""), options, message);
}

void show(const KindCluster& cluster) {
  const std::string option =
      cluster.name == kept_kind_cluster ? "" : fmt::format(" --cluster {}", cluster.name);
  std::cout << fmt::format("  use it:     faultline run --provider kind --reuse{}\n", option)
            << fmt::format("  look at it: kubectl --kubeconfig {} get pods -A\n",
                           cluster.kubeconfig.string())
            << fmt::format("  remove it:  faultline down{}\n", option);
}

void show_json(const KindProvider& provider, const KindCluster& cluster, double seconds) {
  nlohmann::ordered_json workers = nlohmann::ordered_json::array();
  for (const KindNode& worker : cluster.workers)
    workers.push_back({{"node", worker.name},
                       {"client", fmt::format("127.0.0.1:{}", worker.ports.client)},
                       {"monitor", fmt::format("127.0.0.1:{}", worker.ports.monitor)}});
  std::cout << nlohmann::ordered_json{{"cluster", cluster.name},
                                      {"made", provider.made()},
                                      {"kubeconfig", cluster.kubeconfig.string()},
                                      {"workers", workers},
                                      {"seconds", seconds}}
                   .dump(2)
            << "\n";
}

int execute(Arguments arguments) {
  or_usage([&] { check_broker_choice({}, arguments.run); });  // before anything is made
  if (const int code = exit_code_unless_kind_works(); code != exit_passed) return code;
  arguments.run.interrupts = &count_interrupts();
  const auto cancelled = [&] { return interrupted(arguments.run); };
  const auto begin = Clock::now();
  Terminal terminal(arguments.json ? std::cerr : std::cout,
                    detect_style(arguments.json ? STDERR_FILENO : STDOUT_FILENO));
  const HealReport healed = heal_leftovers(state_folder());
  for (const std::string& line : healed.undone) terminal.message("healed: " + line);
  for (const std::string& line : healed.failed) terminal.message("not undone: " + line);
  KindProvider provider(arguments.provider);
  const KindCluster cluster = [&]() -> KindCluster {
    UnderWay under_way(terminal, "up");
    const Message message = [&](const std::string& line) { under_way.tell(line); };
    KindCluster clean = provider.clean_cluster(message, cancelled);
    provide_broker(provider, arguments.run, message);
    return clean;
  }();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  terminal.message(fmt::format("the kind cluster {} is {} ({:.0f} s)", cluster.name,
                               provider.made() ? "up" : "there already, and healthy", seconds));
  arguments.json ? show_json(provider, cluster, seconds) : show(cluster);
  return exit_passed;
}

int execute_or_be_interrupted(const Arguments& arguments) try {
  return execute(arguments);
} catch (const ClusterError&) {
  if (count_interrupts().load() == 0) throw;
  std::cerr << "faultline: interrupted\n";
  return exit_interrupted;
}

}  // namespace

Subcommand up_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "up", "Make a kind cluster and keep it for many runs",
      "  faultline up\n"
      "  faultline run --provider kind --reuse       # starts in seconds\n"
      "  faultline up --cluster other --node-image kindest/node:v1.20.2\n"
      "  faultline up --broker-version 2.11.17       # its image is in the nodes then\n"
      "  faultline up --json | jq -r .kubeconfig\n"
      "\n"
      "One that is there already is proven clean, and repaired where it is not;\n"
      "where that does not help it is made anew.\n"
      "Exit codes: 0 it is up, 2 Docker or kind is missing, 130 interrupted,\n"
      "  254 bad usage, 255 it could not be made");
  auto arguments = std::make_shared<Arguments>();
  arguments->provider.name = "kind";
  arguments->provider.cluster = kept_kind_cluster;
  arguments->provider.reuse = true;
  add_cluster_option(*app, arguments->provider.cluster, kept_kind_cluster);
  add_image_options(*app, arguments->provider);
  app->add_option("--broker-version", arguments->run.broker_version, "A released version")
      ->type_name("V");
  app->add_flag("--json", arguments->json, "As JSON");
  return {app, [arguments] { return execute_or_be_interrupted(*arguments); }};
}

}  // namespace faultline
