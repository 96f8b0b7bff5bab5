// Brokers that somebody else deployed, for tests of the provider kubernetes.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/end_to_end_kind.h"
#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/kind.h"

namespace faultline::end_to_end {

// Who asks, and as whom.
struct TargetWish {
  std::string service_account = "faultline";
  std::string user = "app";  // of the brokers: "small" is of an account without room
  std::string token = {};    // instead of the service account's own
};

// harness/testdata/messaging.yaml on a kind cluster, in the namespace "messaging". The service
// account "faultline" has the permissions of kind-config/rbac, "lesser" those of every-run.yaml
// alone. All of it is removed at the end.
class SomebodysBrokers {
 public:
  // Deploys, and returns when they are healthy. `folder` takes the files a user would have.
  SomebodysBrokers(const KindTestCluster&, std::filesystem::path folder);
  ~SomebodysBrokers();
  SomebodysBrokers(const SomebodysBrokers&) = delete;
  SomebodysBrokers& operator=(const SomebodysBrokers&) = delete;

  // A target file that allows broker-kill and worker-drain, of one broker at a time.
  std::filesystem::path target(const TargetWish& = {});

  // As one whose time is over: the API server knows it no more.
  std::string token_that_is_no_longer_good();

  std::string pods() const;  // unique ids: another after each start

  // What runs leave in the cluster; empty where there is nothing.
  std::string leftovers();
  bool become_clean();  // within two minutes

 private:
  // Before and after everything else, whatever happens between.
  class Removal {
   public:
    explicit Removal(const SomebodysBrokers&);
    ~Removal();

   private:
    const SomebodysBrokers& brokers_;
  };

  void remove() const;
  void move_others_away() const;
  void deploy();
  void grant();
  void create(const std::filesystem::path& manifests,
              const std::map<std::string, nlohmann::json>& values);
  bool healthy();
  std::string token_of(const std::string& service_account);
  std::filesystem::path kubeconfig(const std::string& token) const;

  const KindTestCluster& cluster_;
  const std::filesystem::path folder_;
  const KindCluster kind_;
  Kubernetes api_;  // as the cluster's administrator
  const Removal removal_;
};

}  // namespace faultline::end_to_end
