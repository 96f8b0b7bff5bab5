// Brokers that are processes of this machine: all on loopback, or each on a worker and
// a volume of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/cluster/local_network.h"
#include "harness/cluster/ports.h"
#include "harness/cluster/undo.h"
#include "harness/cluster/volume.h"

namespace faultline {

struct LocalOptions {
  std::filesystem::path folder;  // of the run; each broker gets brokers/<server>/ in it
  std::uint32_t brokers = 3;
  bool keep_data = false;  // brokers/<server>/data stays after the run; configuration, log do
  UndoFirst undo_first;    // how to remove the data, before there is any
  // One of each per broker, or none at all. The volumes are attached; whoever made
  // them removes them.
  std::shared_ptr<LocalNetwork> network = {};
  std::vector<Volume> volumes = {};
  std::function<void(int pid, const std::string& what)> started;  // right after each start
  std::function<std::vector<ReservedPort>(std::size_t)> reserve = reserve_ports;
  std::chrono::milliseconds port_limit{30'000};  // a restart waits so long for its ports
};

// Servers n1, n2, ... with their own folders; without workers on loopback only, on free ports.
// All methods may be called from any thread. None of the processes outlives the
// value or the harness (see ChildProcesses).
class LocalCluster : public Cluster {
 public:
  // Returns when every broker listens on its ports. A port that was taken
  // meanwhile makes it begin again with others, a few times. Throws
  // ClusterError; of a broker that exits with the end of its log.
  LocalCluster(BrokerProgram, LocalOptions);
  ~LocalCluster() override;

  const std::vector<Server>& servers() const override;
  // Returns when it listens on its ports, or is gone again. Throws ClusterError where its
  // volume is not attached; AddressTaken
  // where a foreign program has one of them for longer than port_limit; that the
  // broker exited because of it is no exit of its own.
  void start(const std::string& server) override;
  void kill(const std::string& server) override;  // returns when it is reaped
  void stop(const std::string& server, std::chrono::seconds grace) override;  // after it, kills
  void pause(const std::string& server) override;  // returns when it stands still
  void resume(const std::string& server) override;
  bool paused(const std::string& server) override;
  void expect_exit(const std::string& server) override;
  void crash(const std::string& server) override;  // and is started again, at once
  void cut_power(const std::string& server) override;
  void release(const std::string& server) override;  // is started, if its volume is there
  // By the broker's own signal for it; it does not come back until start().
  DrainReport drain(const std::string& server, std::chrono::milliseconds limit) override;
  bool drained(const std::string& server) override;
  bool running(const std::string& server) override;
  std::vector<Exit> exits() override;
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
