#include "harness/cluster/local_worker.h"

#include <algorithm>
#include <ranges>

#include "harness/cluster/volume.h"

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

// Without its volume the broker is not started: whoever brings that back does it.
void LocalWorker::start() {
  network_.join(index_);
  const Volume* volume = cluster_.volume_of(server_);
  if (volume == nullptr || volume->mounted()) cluster_.start(server_);
}

void LocalWorker::pause() { cluster_.pause(server_); }

void LocalWorker::resume() { cluster_.resume(server_); }

void LocalWorker::undo_first(const Undo& undo) {
  auto whole = undo;
  const auto& enter = inside().enter;
  const auto is_inside = [&](const UndoStep& step) {
    return std::ranges::equal(enter, step.command | std::views::take(enter.size()));
  };
  if (std::ranges::all_of(undo.steps, is_inside))
    whole.gone = {"test", "!", "-e", "/run/netns/" + name()};
  undo_first_(whole);
}

std::string LocalWorker::state() {
  if (!network_.joined(index_)) return "exited (its link is cut)";
  return cluster_.paused(server_) ? "paused" : "running";
}

}  // namespace faultline
