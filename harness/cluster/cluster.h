// Where a cluster runs: the interface of every provider.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/cluster/client_access.h"

namespace faultline {

class Worker;
struct Volume;

// A page of a monitoring endpoint, by its path. Empty if there was no good
// answer within the limit.
using MonitorPage = std::function<std::optional<std::string>(const std::string& path,
                                                             std::chrono::milliseconds limit)>;

struct Server {
  std::string name;            // n1, n2, n3: the broker's server name too
  std::string client_url;      // nats://127.0.0.1:4222
  std::string monitor_url;     // http://127.0.0.1:8222
  MonitorPage monitor = {};    // where there is a way of its own; else over HTTP, at monitor_url
  bool url_is_shared = false;  // clients reach all servers by one address, no server by itself
  std::string ui_url = {};     // http://127.0.0.1:9000, of a product that has one
  MonitorPage ui = {};         // the same, as of the monitoring endpoint
};

// One server's place on its machine, handed to the broker product to write its
// configuration.
struct Layout {
  std::string name;
  std::filesystem::path data;  // the broker's own folder for what it stores
  std::filesystem::path log;
  std::string host = "127.0.0.1";    // where the others find it
  std::string listen = "127.0.0.1";  // where it listens
  std::uint16_t client_port = 0;
  std::uint16_t cluster_port = 0;
  std::uint16_t monitor_port = 0;
  std::uint16_t ui_port = 0, websocket_port = 0;  // where the program has a UI
  std::string outside = "127.0.0.1";  // where the machine of the harness is reached from here
};

// What a provider must know of a broker product to run it.
struct BrokerProgram {
  std::string name = "broker";  // of its configuration and log files: <name>.conf, <name>.log
  std::filesystem::path binary;
  std::string image;  // of containers, where they are to be had: "nats:2.12.15"
  std::string program_in_image = {};  // its name there; empty: the binary's
  // What stands beside the brokers there: the name in the manifests, and an image.
  std::map<std::string, std::string> other_images = {};
  std::function<std::string(const Layout& self, std::span<const Layout> all)> configuration;
  std::function<std::vector<std::string>(const std::filesystem::path& configuration)> arguments;
  int leave_signal = 0;  // asks it to hand over what it leads, let go of its clients, and exit
  std::set<int> leave_statuses{0};  // its exit statuses where it was asked to leave, and did
  std::function<std::map<std::string, std::string>(const Layout& self)> environment = {};
  ClientAccess access = {};  // what its configuration wants to see of clients
  bool has_ui = false;       // it listens at two further ports
  // Makes what the brokers share, before the first of them is started; may be called again.
  std::function<void(std::span<const Layout> all)> prepare = {};
  bool one_by_one = false;  // at deployment each is started when the one before listens
};

struct Exit {
  std::string server;
  bool expected = false;  // the harness ended it; not where it crashed when asked to leave
  bool forced = false;    // by SIGKILL, after it ignored being asked to leave
  std::string detail;     // "signal 9", "exit status 1: last line of its log"
  std::string process;    // "pid 4711"
};

// The cluster could not be made to do what was asked; what() is for the user.
struct ClusterError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A broker cannot come back because a foreign program has its address: nothing
// that follows would say anything of the broker.
struct AddressTaken : ClusterError {
  using ClusterError::ClusterError;
};

// What became of a drain.
struct DrainReport {
  bool complete = false;  // the broker has left, and all the others
  bool held_off = false;  // a budget allowed nobody to leave
  std::string text;       // who left, what held it off: for evidence
};

class Cluster {  // what changes one throws ClusterError, also where it takes minutes
 public:
  virtual ~Cluster() = default;  // nothing of it is left running

  virtual const std::vector<Server>& servers() const = 0;
  virtual void start(const std::string& server) = 0;  // no effect on one that runs
  virtual void kill(const std::string& server) = 0;   // nothing of it runs, until start
  virtual void stop(const std::string& server,
                    std::chrono::seconds grace) = 0;  // asked to leave, held down

  // What ends it from here on is the harness's doing, until it is started again.
  virtual void expect_exit(const std::string& server) = 0;

  // Its process stands still, as if it ran on a machine that gives it no time, and goes on.
  // Neither has an effect on one that does not run.
  virtual void pause(const std::string& server) { no("pause the process of " + server); }
  virtual void resume(const std::string& server) { no("resume the process of " + server); }
  virtual bool paused(const std::string&) { return false; }

  // Its process ends at once, and whoever restarts brokers here may do so.
  virtual void crash(const std::string& server) { no("end and restart the process of " + server); }

  // Its processes end by SIGKILL, and in the same moment its volume forgets what was not
  // synced. Whoever restarts brokers here may do so, until kill().
  virtual void cut_power(const std::string& server) { no("cut the power of " + server); }

  // One that is held down is held no longer: whoever restarts brokers here may
  // try. Without anybody who does, nothing happens.
  virtual void release(const std::string&) {}

  // Everything that runs beside it on its machine is asked to leave as well, and the
  // machine takes nothing new until start().
  virtual DrainReport drain(const std::string& server, std::chrono::milliseconds /*limit*/) {
    no("drain the worker of " + server);
  }

  virtual bool drained(const std::string&) { return false; }  // its machine takes nothing new

  virtual bool running(const std::string& server) = 0;
  virtual std::vector<Exit> exits() = 0;  // since the last call
  virtual std::string log_tail(const std::string& server, std::size_t lines) = 0;
  virtual std::vector<std::string> notes() { return {}; }  // what else was seen since

  // For evidence: the process of a server that runs ("pid 4711", else empty); why
  // one does not run, where that is known; and how the one before it ended.
  virtual std::string process(const std::string&) { return {}; }
  virtual std::string why_down(const std::string&) { return {}; }
  virtual std::optional<Exit> last_exit(const std::string&) { return {}; }

  // What a server runs on, where the provider can break it; else none.
  virtual Worker* worker_of(const std::string&) { return nullptr; }
  virtual const Volume* volume_of(const std::string&) { return nullptr; }

  // What clients must show to be let in.
  virtual ClientAccess client_access() const { return {}; }

 private:
  [[noreturn]] static void no(const std::string& what) {
    throw ClusterError("there is no way here to " + what);
  }
};

}  // namespace faultline
