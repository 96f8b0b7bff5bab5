#pragma once

#include <string>

#include "harness/cluster/undo.h"
#include "harness/cluster/volume.h"
#include "harness/cluster/worker.h"

namespace faultline {

// A worker that is a Docker container, with one broker's volume in it.
class KindWorker : public Worker {
 public:
  KindWorker(std::string container, std::vector<std::string> addresses, Volume, UndoFirst);

  const std::string& name() const override { return inside_.name; }
  const Place& inside() const override { return inside_; }
  const Volume& volume() const { return volume_; }

  void stop() override;  // docker kill: the container's every process, at once
  void start() override;
  void pause() override;
  void resume() override;
  std::string state() override;
  const std::vector<std::string>& addresses() const override { return addresses_; }
  void undo_first(const Undo& undo) override { undo_first_(undo); }

 private:
  UndoStep undo_stop() const;
  UndoStep undo_pause() const;

  Place inside_;
  std::vector<std::string> addresses_;
  Volume volume_;
  UndoFirst undo_first_;
};

// Commands inside a kind node.
Place place_in(const std::string& container);

// docker pause, some times where it is "unable to freeze": with cgroups of version 1 a busy
// container may begin a process meanwhile, runc gives up, and who asks is to ask again
// (runc#2791, #4388). Errors: ClusterError.
void pause_container(const std::string& container);

}  // namespace faultline
