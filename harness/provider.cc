#include "harness/provider.h"

#include <fmt/format.h>

#include "faults/fault.h"
#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_binary.h"
#include "harness/broker/nats/nats_config.h"
#include "harness/cluster/local.h"
#include "harness/kind_provider.h"
#include "harness/kubernetes_provider.h"
#include "harness/plan.h"

namespace faultline {
namespace {

std::string broker_version(const Scenario& scenario, const RunOptions& options) {
  return options.broker_version.empty() ? scenario.broker_version : options.broker_version;
}

// Processes on this machine.
class LocalProvider : public Provider {
 public:
  std::vector<std::string> missing(const Scenario& scenario) override {
    std::vector<std::string> missing;
    for (const FaultStep& step : scenario.faults)
      if (const auto needs = fault_kind(step.fault).needs;
          needs != Needs::nothing && needs != Needs::process)
        missing.push_back(
            fmt::format("the provider local has no {} yet: use --provider kind", step.fault));
    return missing;
  }

  std::unique_ptr<Cluster> start_brokers(const BrokerProgram& program, const Scenario& scenario,
                                         const RunOptions& options, Journal& journal,
                                         const Message&) override {
    LocalOptions local;
    local.folder = options.folder;
    local.brokers = scenario.brokers;
    local.undo_first = [&journal](const Undo& undo) { journal.undo_first(undo); };
    local.started = [&journal](int pid, const std::string& what) {
      journal.process_started(pid, what);
    };
    return std::make_unique<LocalCluster>(program, local);
  }
};

}  // namespace

void check_broker_choice(const Scenario& scenario, const RunOptions& options) {
  const auto version = broker_version(scenario, options);
  if (!options.broker_binary.empty()) {
    const auto binary = find_nats_binary({options.broker_binary, version}, {});
    check_nats_settings(binary.version, scenario.sync_interval);
  } else if (!version.empty()) {
    check_nats_settings(nats_version(version), scenario.sync_interval);
  }
}

Deployment deploy(Provider& provider, const Scenario& scenario, const RunOptions& options,
                  Journal& journal, const Message& message) {
  if (auto existing = provider.existing_brokers(scenario, options, journal, message))
    return std::move(*existing);
  const NatsBinary binary = find_nats_binary(
      {options.broker_binary, broker_version(scenario, options)}, message,
      NatsBinarySources::of_this_user(), [&options] { return interrupted(options); });
  Deployment deployment;
  deployment.cluster = provider.start_brokers(nats_program(binary, scenario.sync_interval),
                                              scenario, options, journal, message);
  deployment.broker = std::make_unique<NatsBroker>(*deployment.cluster, binary.version);
  return deployment;
}

std::string Provider::plan(std::span<const Scenario> scenarios) {
  std::string text;
  for (const Scenario& scenario : scenarios) {
    text += fmt::format("{}{}: {}\n", text.empty() ? "" : "\n", scenario.name, scenario.title);
    for (const auto& lack : missing(scenario)) text += "  skipped: " + lack + "\n";
    text += timeline(scenario,
                     [](const FaultStep&) { return "of brokers that are deployed for the run"; });
  }
  return text;
}

std::unique_ptr<Provider> make_provider(const ProviderOptions& options) {
  if (options.name == "kind") return std::make_unique<KindProvider>(options);
  if (options.name == "kubernetes") return std::make_unique<KubernetesProvider>(options);
  return std::make_unique<LocalProvider>();
}

bool interrupted(const RunOptions& options) {
  return options.interrupts != nullptr && options.interrupts->load() > 0;
}

}  // namespace faultline
