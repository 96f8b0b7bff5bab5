// For tests only: servers in network namespaces that end with the test's process,
// however it ends.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "faults/fault.h"
#include "faults/partition_shape.h"
#include "faults/testing.h"
#include "harness/broker/nats/nats.h"
#include "harness/cluster/cluster.h"
#include "harness/cluster/file_descriptor.h"
#include "harness/cluster/testing.h"
#include "harness/cluster/worker.h"

namespace faultline::testing {

constexpr std::uint16_t client_port = 4222, cluster_port = 6222, monitor_port = 8222;

// Runs it on a thread of its own, in the namespace of this name; empty: the test's.
void within(const std::string& network, const std::function<void()>& act);

// Greets whoever connects, and reads what they send. Sends what they ask: "100000\n".
class Greeter {
 public:
  Greeter(const std::string& network, std::uint16_t port);
  ~Greeter();

 private:
  void serve();

  FileDescriptor socket_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

class NetworkWorker : public IdleWorker {
 public:
  explicit NetworkWorker(int number);

  void undo_first(const Undo& undo) override { undo_first_(undo); }

  const std::string& address() const { return addresses().front(); }
  std::string here(const std::vector<std::string>& command) const;  // its output

  UndoFirst undo_first_ = [](const Undo&) {};
};

class NetworkCluster : public IdleCluster {
 public:
  explicit NetworkCluster(int size);
  ~NetworkCluster() override;

  NetworkWorker* worker_of(const std::string& server) override;

 private:
  std::vector<std::unique_ptr<NetworkWorker>> workers_;
};

// n1, n2, ... in namespaces on one bridge, the test itself in another.
class NetworkTest : public ::testing::Test {
 protected:
  void SetUp() override;

  void make(int size);
  NetworkWorker& worker(const std::string& server) { return *cluster->worker_of(server); }
  FaultContext context() { return {*cluster, *broker, *journal}; }

  // Whether somebody greets, as asked from the namespace; empty: the test's.
  bool greeted(const std::string& server, std::uint16_t port, const std::string& from = "");

  // How many of these datagrams arrive, until none does for so long; and which links
  // carry any at all.
  int arriving(const std::string& from, const std::string& to, int datagrams,
               std::chrono::milliseconds patience = std::chrono::milliseconds(200));
  std::set<Link> heard();

  // How long the server takes to send so many bytes.
  std::chrono::milliseconds time_to_send(const std::string& server, std::uint16_t port, int bytes);

  std::string rules_in(const std::string& server);  // and qdiscs

  TemporaryFolder folder;
  std::unique_ptr<NetworkCluster> cluster;
  std::unique_ptr<NatsBroker> broker;
  std::unique_ptr<Journal> journal;
  std::vector<std::unique_ptr<Greeter>> greeters;
};

}  // namespace faultline::testing
