#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/kubernetes/guard.h"
#include "harness/kubernetes_agent.h"

namespace faultline {
namespace {

int execute(const AgentOrder& order) {
  try {
    const ProgramEnd end = obey(order);
    std::cout << end.output << std::flush;
    std::cerr << end.errors << std::flush;
    return end.status;
  } catch (const Refusal& refusal) {
    throw UsageError(refusal.what());
  } catch (const KubernetesError& error) {
    throw ClusterError(error.what());
  } catch (const KubeconfigError& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

Subcommand in_node_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "in-node", "Run a command inside a node, by the opt-in agent",
      "  faultline in-node --target staging.yaml --run ID NODE -- COMMAND...\n"
      "\n"
      "What a run of --provider kubernetes calls by itself, and its journal to undo it.\n"
      "Refused but for healing, unless that run is under way (docs/staging.md).\n"
      "Exit codes: the command's, 254 bad usage or input, 255 it was not run");
  app->group("");  // not for people, so not in the list of commands
  auto order = std::make_shared<AgentOrder>();
  app->add_option("--target", order->target, "The target file")->type_name("FILE")->required();
  app->add_option("--run", order->what.run, "Of which run")->type_name("ID")->required();
  app->add_option("--holder", order->holder, "Who holds the Lease for it")->type_name("NAME");
  app->add_option("node", order->what.node, "The node's name")->type_name("NODE")->required();
  app->add_option("command", order->what.command, "After --")->type_name("COMMAND")->required();
  return {app, [order] { return execute(*order); }};
}

}  // namespace faultline
