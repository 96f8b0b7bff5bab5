#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/cluster/capabilities.h"
#include "harness/provider.h"

namespace faultline {

// Processes on this machine. A scenario that breaks more than brokers gets a worker and
// a volume for each of them, which needs root; any other runs on loopback, and needs nothing.
class LocalProvider : public Provider {
 public:
  std::vector<std::string> missing(const Scenario&) override;
  std::unique_ptr<Cluster> start_brokers(const BrokerProgram&, const Scenario&, const RunOptions&,
                                         Journal&, const Message&) override;

 private:
  using Probe = std::function<Capability()>;
  const Capability& tried(const std::string& name, const Probe&);

  std::map<std::string, Capability> tried_;  // each once
};

}  // namespace faultline
