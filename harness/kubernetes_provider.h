#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/abort.h"
#include "harness/kubernetes/existing_brokers.h"
#include "harness/kubernetes_access.h"
#include "harness/provider.h"

namespace faultline {

class UndoRecord;

// Brokers that somebody else runs in a cluster that exists. Deploys nothing, makes
// a stream of its own in each run, and breaks what a target file allows.
class KubernetesProvider : public Provider {
 public:
  // Looks at nothing but the files. Throws Refusal.
  explicit KubernetesProvider(const ProviderOptions&);
  ~KubernetesProvider() override;

  std::vector<std::string> missing(const Scenario&) override;
  std::unique_ptr<Cluster> start_brokers(const BrokerProgram&, const Scenario&, const RunOptions&,
                                         Journal&, const Message&) override;
  std::optional<Deployment> existing_brokers(const Scenario&, const RunOptions&, Journal&,
                                             const Message&) override;
  std::string plan(std::span<const Scenario>) override;
  bool asks_first() const override { return true; }
  std::string to_be_typed() const override;
  void begin(const Message&, const std::function<bool()>& cancelled) override;
  std::string abort_reason(const ProgressFigures&) override;

 private:
  class WatchedBrokers;

  void look();
  void check(const Scenario&, std::chrono::milliseconds later);
  void check_nodes(const Scenario&);
  void check_agents(const Scenario&, const std::string& run, UndoRecord&);
  void check_account(std::span<const Scenario>);
  void check_health();
  void check_permissions();
  void check_abort_conditions();
  std::string what_is_done(const Scenario&, const FaultStep&) const;
  std::string whom(const Scenario&, const FaultStep&) const;
  void end_now();

  const TargetFile target_;
  const ClusterAccess access_;
  Kubernetes reader_;   // changes nothing
  Kubernetes monitor_;  // changes nothing, and gives up soon
  OwnPlace own_;
  ClientAccess client_access_;
  std::unique_ptr<Guard> guard_;
  std::unique_ptr<Kubernetes> api_;  // guarded
  std::unique_ptr<Lease> lease_;
  std::vector<ExistingBroker> brokers_;
  std::unique_ptr<AbortWatch> watch_;

  std::mutex mutex_;  // guards what follows
  WatchedBrokers* current_ = nullptr;
};

}  // namespace faultline
