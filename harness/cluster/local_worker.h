#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/cluster/local_network.h"
#include "harness/cluster/worker.h"

namespace faultline {

// A worker that is a network namespace of this machine, with one broker in it. What it
// is made of goes with the network, and with the broker's process: no step of its own
// needs to be undone.
class LocalWorker : public Worker {
 public:
  // Both must outlive it. `index` of the network's workers.
  LocalWorker(Cluster&, std::string server, LocalNetwork&, std::size_t index, UndoFirst);

  const std::string& name() const override { return place().name; }
  const Place& inside() const override { return place().inside; }

  void stop() override;  // the broker's process killed, then the link cut
  void start() override;
  void pause() override;  // SIGSTOP to the broker; faultline-delay beside it goes on
  void resume() override;
  std::string state() override;  // as the kernel says
  const std::vector<std::string>& addresses() const override { return addresses_; }
  void undo_first(const Undo&) override;  // what is done inside it goes with its namespace

 private:
  const LocalNetwork::Worker& place() const { return network_.workers()[index_]; }

  Cluster& cluster_;
  std::string server_;
  LocalNetwork& network_;
  std::size_t index_;
  std::vector<std::string> addresses_;
  UndoFirst undo_first_;
};

}  // namespace faultline
