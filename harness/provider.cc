#include "harness/provider.h"

#include <fmt/format.h>

#include "harness/broker/memphis/memphis.h"
#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_binary.h"
#include "harness/broker/nats/nats_config.h"
#include "harness/kind_provider.h"
#include "harness/kubernetes_provider.h"
#include "harness/local_provider.h"
#include "harness/plan.h"

namespace faultline {
namespace {

std::string broker_version(const Scenario& scenario, const RunOptions& options) {
  return options.broker_version.empty() ? scenario.broker_version : options.broker_version;
}

bool is_memphis(const Scenario& scenario) { return scenario.broker_product == "memphis"; }

MemphisBinary memphis_binary(const Scenario& scenario, const RunOptions& options) {
  return find_memphis_binary(options.broker_binary, broker_version(scenario, options));
}

Deployment deploy_memphis(Provider& provider, const Scenario& scenario, const RunOptions& options,
                          Journal& journal, const Message& message) {
  const auto binary = provider.has_broker_image()
                          ? MemphisBinary{"", broker_version(scenario, options)}
                          : memphis_binary(scenario, options);
  const auto start = [&](const BrokerProgram& program,
                         const std::shared_ptr<MetadataDatabase>& database) {
    Deployment deployment;
    deployment.cluster = provider.start_brokers(program, scenario, options, journal, message);
    deployment.broker =
        std::make_unique<MemphisBroker>(*deployment.cluster, binary.version, database);
    return deployment;
  };
  if (options.provider == "kind")
    return start(memphis_program_in_pods(binary, scenario.sync_interval), nullptr);
  const auto database = std::make_shared<MetadataDatabase>(MetadataDatabaseOptions{
      options.folder / "metadata", [&journal](const Undo& undo) { journal.undo_first(undo); },
      [&journal](int pid, const std::string& what) { journal.process_started(pid, what); }});
  return start(memphis_program(binary, database, scenario.sync_interval), database);
}

}  // namespace

std::filesystem::path named_broker_binary(const Scenario& scenario, const RunOptions& options) try {
  return is_memphis(scenario) ? memphis_binary(scenario, options).path : options.broker_binary;
} catch (const ClusterError&) {  // there is none, which is said where it is needed
  return {};
}

std::vector<std::string> missing_of_broker(const Scenario& scenario, const RunOptions& options,
                                           const Provider& provider) {
  for (const FaultStep& step : scenario.faults)
    if (fault_kind(step.fault).needs == Needs::metadata) {
      if (!is_memphis(scenario))
        return {step.fault + " breaks the database of Memphis: use --broker memphis"};
      if (options.provider != "local")
        return {step.fault + " breaks a database on this machine: use --provider local"};
    }
  if (scenario.workload.refusers > 0 && options.provider == "kubernetes")
    return {"dead letters need a stream more, which nobody would remove: --provider local or kind"};
  if (!is_memphis(scenario) && scenario.partitions > 1)
    return {"of the brokers only Memphis has several partitions: use --broker memphis"};
  if (!is_memphis(scenario) || provider.has_broker_image()) return {};
  if (options.provider == "kubernetes")
    return {"of a cluster that exists only NATS is tested yet: --provider local or kind"};
  std::vector<std::string> missing;
  if (options.provider == "local")
    if (auto lack = why_no_metadata_database(); !lack.empty()) missing.push_back(std::move(lack));
  try {
    memphis_binary(scenario, options);
  } catch (const ClusterError& error) {
    missing.emplace_back(error.what());
  }
  return missing;
}

void check_broker_choice(const Scenario& scenario, const RunOptions& options) {
  const auto version = broker_version(scenario, options);
  if (is_memphis(scenario)) {  // where there is none it is skipped
    if (!options.broker_binary.empty()) memphis_binary(scenario, options);
    return;
  }
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
  if (is_memphis(scenario)) return deploy_memphis(provider, scenario, options, journal, message);
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
