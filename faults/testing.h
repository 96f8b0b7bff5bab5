// For tests only: workers and clusters that do nothing by themselves.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/cluster/worker.h"

namespace faultline::testing {

class IdleWorker : public Worker {
 public:
  explicit IdleWorker(Place inside, std::vector<std::string> addresses = {})
      : inside_(std::move(inside)), addresses_(std::move(addresses)) {}

  const std::string& name() const override { return inside_.name; }
  const Place& inside() const override { return inside_; }
  void stop() override {}
  void start() override {}
  void pause() override {}
  void resume() override {}
  std::string state() override { return "running"; }
  const std::vector<std::string>& addresses() const override { return addresses_; }
  void undo_first(const Undo&) override {}

 private:
  Place inside_;
  std::vector<std::string> addresses_;
};

class IdleCluster : public Cluster {
 public:
  explicit IdleCluster(std::vector<Server> servers = {}) : servers_(std::move(servers)) {}

  const std::vector<Server>& servers() const override { return servers_; }
  void start(const std::string&) override {}
  void kill(const std::string&) override {}
  void stop(const std::string&, std::chrono::seconds) override {}
  void expect_exit(const std::string&) override {}
  bool running(const std::string&) override { return true; }
  std::vector<Exit> exits() override { return {}; }
  std::string log_tail(const std::string&, std::size_t) override { return ""; }

 protected:
  std::vector<Server> servers_;
};

}  // namespace faultline::testing
