#include "harness/deployment.h"

#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_binary.h"
#include "harness/broker/nats/nats_config.h"
#include "harness/cluster/local.h"

namespace faultline {
namespace {

std::string broker_version(const Scenario& scenario, const RunOptions& options) {
  return options.broker_version.empty() ? scenario.broker_version : options.broker_version;
}

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

Deployment deploy(const Scenario& scenario, const RunOptions& options, Journal& journal,
                  const std::function<void(const std::string&)>& message) {
  const NatsBinary binary = find_nats_binary(
      {options.broker_binary, broker_version(scenario, options)}, message,
      NatsBinarySources::of_this_user(),
      [&options] { return options.interrupts != nullptr && options.interrupts->load() > 0; });

  LocalOptions local;
  local.folder = options.folder;
  local.brokers = scenario.brokers;
  local.started = [&journal](int pid, const std::string& what) {
    journal.process_started(pid, what);
  };

  Deployment deployment;
  deployment.cluster =
      std::make_unique<LocalCluster>(nats_program(binary, scenario.sync_interval), local);
  deployment.broker = std::make_unique<NatsBroker>(*deployment.cluster, binary.version);
  return deployment;
}

}  // namespace faultline
