#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "harness/cluster/undo.h"
#include "harness/cluster/worker.h"

namespace faultline {

// Through it agents act, many at a time, until it is closed for good.
class AgentGate {
 public:
  std::string act(const std::function<std::string()>&);  // throws ClusterError once closed
  void close() { closed_ = true; }
  void wait();  // until nothing acts any more

 private:
  std::atomic<bool> closed_ = false;
  std::shared_mutex mutex_;
};

// A node of a cluster that exists, entered by agents, and the broker on it. Only what
// ends by itself, or can be ended by an agent from anywhere, is done to it: it is never
// stopped nor paused, since nobody could start it again.
class ExistingWorker : public Worker {
 public:
  // `addresses`: of the broker's pod alone; nobody else on the node is meant.
  // The gate outlives it.
  ExistingWorker(Place inside, std::vector<std::string> addresses,
                 std::chrono::seconds longest_hold, UndoFirst, AgentGate&);

  const std::string& name() const override { return inside_.name; }
  const Place& inside() const override { return inside_; }
  void stop() override;
  void start() override {}
  void pause() override;
  void resume() override {}
  std::string state() override { return "running"; }
  const std::vector<std::string>& addresses() const override { return addresses_; }
  std::chrono::seconds longest_hold() const override { return longest_hold_; }

  std::string act(const std::vector<std::string>& command) override;

  // Throws ClusterError where it is not what an agent does from any machine.
  void undo_first(const Undo&) override;
  void undo_first();  // before anything else is done in it

 private:
  Place inside_;
  std::vector<std::string> addresses_;
  std::chrono::seconds longest_hold_;
  UndoFirst undo_first_;
  AgentGate& gate_;

  std::mutex mutex_;
  bool kept_ = false;
};

}  // namespace faultline
