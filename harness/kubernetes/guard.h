// The one gate through which everything passes that changes a cluster that
// exists. Whatever a bug elsewhere asks for, nothing leaves that the target file
// does not allow.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/target_file.h"

namespace faultline {

// Nothing was sent. what() is one line that says what to do.
struct Refusal : ClusterError {
  using ClusterError::ClusterError;
};

struct GuardOptions {
  std::string own_node;  // where the harness runs; empty: on none of the cluster's
  std::string own_pod;   // namespace/name
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
  std::function<bool()> lease_is_held = [] { return false; };
};

// Names that faultline gives to what it keeps in the brokers' namespace.
inline constexpr const char* lease_name = "faultline";
inline constexpr const char* undo_name_prefix = "faultline-undo-";

// May be used from several threads.
//
// Allowed at any time, since it breaks nothing: asking for one's permissions, the
// Lease, undo records, making a node schedulable that faultline cordoned, agents
// that heal a node, and removing agents. Everything else only during a run, with the
// Lease, within the target file's hours and numbers, in this order: the undo record
// is kept, the node is cordoned, its pods are deleted or evicted, or an agent acts in it.
class Guard {
 public:
  // `reader` is used for looking only.
  Guard(TargetFile, Kubernetes& reader, GuardOptions);
  ~Guard();

  // A run of these faults. Throws Refusal for one that is not allowed.
  void begin_run(const std::string& run, const std::vector<std::string>& faults);
  void end_run();

  void undo_is_kept(const std::string& node);
  void is_cordoned(const std::string& node);  // by this run, so it counts
  // By an agent of this run, so it counts, and one pod in it. Throws Refusal for one too many.
  void is_entered(const std::string& node);

  // Throws Refusal, and KubernetesError where it could not be found out.
  void check(const std::string& method, const std::string& path, const nlohmann::json& body);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
