#include "harness/cluster/local_worker.h"

namespace faultline {

LocalWorker::LocalWorker(Cluster& cluster, std::string server, LocalNetwork& network,
                         std::size_t index, UndoFirst undo_first)
    : cluster_(cluster),
      server_(std::move(server)),
      network_(network),
      index_(index),
      addresses_{place().address},
      undo_first_(std::move(undo_first)) {}

void LocalWorker::stop() {
  cluster_.kill(server_);
  network_.cut(index_);
}

void LocalWorker::start() {
  network_.join(index_);
  cluster_.start(server_);
}

void LocalWorker::pause() { cluster_.pause(server_); }

void LocalWorker::resume() { cluster_.resume(server_); }

std::string LocalWorker::state() {
  if (!network_.joined(index_)) return "exited (its link is cut)";
  return cluster_.paused(server_) ? "paused" : "running";
}

}  // namespace faultline
