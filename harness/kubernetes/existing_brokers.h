// Brokers that somebody else runs on Kubernetes. Nothing is deployed, and nothing
// is changed but through the guard.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/cluster/place.h"
#include "harness/cluster/undo.h"
#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/target_file.h"

namespace faultline {

// What there is before a run, found by looking.
struct ExistingBroker {
  std::string pod, uid, node;
  std::string server;                    // as the broker calls itself
  std::string version;                   // of the broker's program
  std::vector<std::string> other_nodes;  // where its pod could be started as well
};

// In order of pod name. Throws ClusterError: a pod that does not run, or does not
// answer at its monitoring port.
std::vector<ExistingBroker> find_existing_brokers(Kubernetes& reader, Kubernetes& monitor,
                                                  const ExistingBrokersPlace&);

struct ExistingBrokersOptions {
  std::string run_id;
  std::filesystem::path folder;      // of the run; each server's log is kept in brokers/<server>/
  std::filesystem::path kubeconfig;  // for the undo journal
  ClientAccess access;
  UndoFirst undo_first;
  std::function<void(const std::string&)> progress;
  std::function<bool()> cancelled;                            // ends every wait
  std::function<Place(const std::string& node)> inside = {};  // by an agent; empty: there is none
  std::chrono::seconds longest_hold{0};                       // ExistingWorker's
};

// kill: the nodes where the pod could run are cordoned, an agent sends SIGKILL, and the
// pod is deleted with the least grace; without an agent the kubelet then sends SIGTERM,
// and SIGKILL two seconds later. crash: SIGKILL by an agent. stop: deleted with grace.
// drain: its node alone is cordoned, and emptied by evictions.
// start: the nodes are uncordoned that nobody else who is down needs.
// All methods may be called from any thread.
class ExistingBrokers : public Cluster {
 public:
  // `api` is guarded; `monitor` gives up soon. Both outlive it.
  ExistingBrokers(Kubernetes& api, Kubernetes& monitor, const ExistingBrokersPlace&,
                  const std::vector<ExistingBroker>&, ExistingBrokersOptions);
  ~ExistingBrokers() override;  // every node takes pods again

  const std::vector<Server>& servers() const override;
  void start(const std::string& server) override;
  void kill(const std::string& server) override;
  void stop(const std::string& server, std::chrono::seconds grace) override;
  void expect_exit(const std::string& server) override;
  void crash(const std::string& server) override;
  DrainReport drain(const std::string& server, std::chrono::milliseconds limit) override;
  bool drained(const std::string& server) override;
  bool running(const std::string& server) override;
  std::vector<Exit> exits() override;
  std::string log_tail(const std::string& server, std::size_t lines) override;
  std::string process(const std::string& server) override;
  std::string why_down(const std::string& server) override;
  std::optional<Exit> last_exit(const std::string& server) override;
  Worker* worker_of(const std::string& server) override;
  ClientAccess client_access() const override;

  // Nodes at once, whatever else is under way; what agents did when those that act have
  // ended, since none begins any more. Returns what could not be healed.
  std::vector<std::string> heal_all();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
