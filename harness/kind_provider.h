#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/kind.h"
#include "harness/kubernetes/kind_worker.h"
#include "harness/provider.h"

namespace faultline {

// Pods in a kind cluster, which is made when the first run needs it and serves
// all runs of the suite. Before each run it is proven clean, or made anew.
class KindProvider : public Provider {
 public:
  explicit KindProvider(const ProviderOptions&);
  ~KindProvider() override;

  std::vector<std::string> missing(const Scenario&) override;
  std::unique_ptr<Cluster> start_brokers(const BrokerProgram&, const Scenario&, const RunOptions&,
                                         Journal&, const Message&) override;

  // Makes the cluster, or finds the one to be reused. Throws ClusterError.
  const KindCluster& cluster(const Message&, const std::function<bool()>& cancelled);

 private:
  void prepare(const KindOptions&);
  void remove_cluster();
  std::string why_not_clean();
  std::string image_of(const BrokerProgram&, const RunOptions&, const KindOptions&);

  ProviderOptions options_;
  std::string name_;
  std::optional<std::string> lacking_;  // of this machine, once known
  std::unique_ptr<Journal> journal_;    // of the cluster, while it is not to be kept
  std::optional<KindCluster> cluster_;
  std::unique_ptr<Kubernetes> api_;
  std::map<std::string, std::string> images_;         // binary -> image that the nodes have
  std::vector<std::unique_ptr<KindWorker>> workers_;  // of the current run
};

// Where kubeconfigs of kind clusters are kept, beside the journals.
std::filesystem::path kubeconfig_of(const std::string& kind_cluster);

}  // namespace faultline
