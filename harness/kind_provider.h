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
// all runs of the suite. Before each run it is proven clean: repaired, or made anew.
class KindProvider : public Provider {
 public:
  explicit KindProvider(const ProviderOptions&);
  ~KindProvider() override;

  std::vector<std::string> missing(const Scenario&) override;
  bool has_broker_image() const override { return !options_.broker_image.empty(); }
  std::unique_ptr<Cluster> start_brokers(const BrokerProgram&, const Scenario&, const RunOptions&,
                                         Journal&, const Message&) override;

  // Makes the cluster, or finds the one to be reused, and proves it clean. Throws
  // ClusterError.
  const KindCluster& clean_cluster(const Message&, const std::function<bool()>& cancelled);

  // The broker's image is in every node from then on. Returns its name.
  std::string provide_image_of(const BrokerProgram&, const RunOptions&, const Message&);

  bool made() const { return made_; }  // not found
  const std::string& name() const { return name_; }

 private:
  KindOptions kind_options(const Message&, const std::function<bool()>& cancelled) const;
  bool stays() const { return options_.keep || options_.reuse; }
  void find_or_make(const KindOptions&);
  bool find(const KindOptions&);
  void make(const KindOptions&);
  void make_anew(const KindOptions&, const std::string& why);
  void connect();

  ProviderOptions options_;
  std::string name_;
  std::optional<std::string> lacking_;  // of this machine, once known
  std::unique_ptr<Journal> hold_;       // on the cluster's name
  bool remove_ = false;                 // at the end
  bool made_ = false;
  std::optional<KindCluster> cluster_;
  std::unique_ptr<Kubernetes> api_;
  std::vector<std::unique_ptr<KindWorker>> workers_;  // of the current run
};

// Kept beside the journals.
KindFiles files_of(const std::string& kind_cluster);

// Only one process at a time uses, makes or removes a kind cluster of a name. Throws
// ClusterError while another does.
std::unique_ptr<Journal> hold_kind_cluster(const std::string& name);

}  // namespace faultline
