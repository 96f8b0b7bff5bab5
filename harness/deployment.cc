#include "harness/deployment.h"

#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_binary.h"
#include "harness/cluster/local.h"

namespace faultline {

Deployment deploy(const Scenario& scenario, const RunOptions& options, Journal& journal,
                  const std::function<void(const std::string&)>& message) {
  const std::string& version =
      options.broker_version.empty() ? scenario.broker_version : options.broker_version;
  const NatsBinary binary = find_nats_binary({options.broker_binary, version}, message);

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
