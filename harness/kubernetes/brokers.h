// A broker cluster on Kubernetes: one pod of a StatefulSet per server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/cluster/undo.h"
#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

// Where one server goes.
struct BrokerPlace {
  std::string node;
  std::string client_address, monitor_address;  // "127.0.0.1:40283"
  std::uint16_t client_node_port = 0, monitor_node_port = 0;
  std::string data;                // the folder on the node that it writes to
  Worker* worker = nullptr;        // where it can be broken
  const Volume* volume = nullptr;  // the same; attached. Null: every worker reaches `data`
};

struct KubernetesBrokersOptions {
  std::string run_id;   // namespace faultline-<run id>
  std::string product;  // the folder in kind-config
  std::string image;
  std::string control_plane;                        // the node
  std::map<std::string, std::string> other_images;  // by their name in the manifests
  std::vector<BrokerPlace> places;   // one per server
  std::filesystem::path folder;      // of the run; each server's log is kept in brokers/<server>/
  std::filesystem::path kubeconfig;  // for the undo journal
  UndoFirst undo_first;
  std::function<void(const std::string&)> progress;
  std::function<bool()> cancelled;
};

// Servers nats-0, nats-1, ... (by the product) in a namespace of their own, on their workers'
// volumes. All methods may be called from any thread.
class KubernetesBrokers : public Cluster {
 public:
  // Returns when every pod runs. Throws ClusterError: an image that does not
  // pull, a pod that never schedules, with Kubernetes' own words.
  KubernetesBrokers(Kubernetes&, const BrokerProgram&, KubernetesBrokersOptions);
  ~KubernetesBrokers() override;  // nothing of it is left in the cluster

  const std::vector<Server>& servers() const override;

  // kill: the node is cordoned, so that the pod stays Pending; its processes get
  // SIGKILL where there is a way into the worker; the pod is deleted with grace 0.
  // Without a way in, the kubelet sends SIGTERM and SIGKILL two seconds later
  // (its least grace): the evidence says so. stop: deleted with grace.
  // start: uncordoned, and a pod that waits for something is made anew, so that
  // Kubernetes tries at once, not after a pause of up to two minutes.
  void start(const std::string& server) override;
  void kill(const std::string& server) override;
  void stop(const std::string& server, std::chrono::seconds grace) override;
  void expect_exit(const std::string& server) override;
  void crash(const std::string& server) override;  // its container's processes, from the node
  void cut_power(const std::string& server) override;
  void release(const std::string& server) override;  // uncordoned
  DrainReport drain(const std::string& server, std::chrono::milliseconds limit) override;
  bool drained(const std::string& server) override;
  bool running(const std::string& server) override;
  std::vector<Exit> exits() override;
  std::vector<std::string> notes() override;  // nodes that are not Ready, or are again
  std::string log_tail(const std::string& server, std::size_t lines) override;
  std::string process(const std::string& server) override;
  std::string why_down(const std::string& server) override;
  std::optional<Exit> last_exit(const std::string& server) override;
  Worker* worker_of(const std::string& server) override;
  const Volume* volume_of(const std::string& server) override;
  ClientAccess client_access() const override;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
