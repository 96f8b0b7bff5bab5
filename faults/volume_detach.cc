#include "faults/volume_detach.h"

#include <fmt/format.h>

#include "faults/volume_gone.h"
#include "harness/cluster/volume.h"
#include "harness/cluster/worker.h"

namespace faultline {

void VolumeDetach::strike(const std::string& server) {
  const auto& disk = volume(server);
  worker(server).undo_first(undo_volume_gone(disk, server));
  cluster().expect_exit(server);
  disk.shut_down(Shutdown::keep);
  const auto problem = disk.write_problem();
  {
    const std::lock_guard lock(mutex_);
    write_problem_[server] = problem;
  }
  cluster().kill(server);
  disk.kill_holders();
  disk.detach();
  cluster().release(server);
}

Evidence VolumeDetach::look(const std::string& server) {
  return volume_is_gone(cluster(), server, volume(server), write_problem_.at(server));
}

void VolumeDetach::undo(const std::string& server) {
  volume(server).attach();
  cluster().start(server);
}

}  // namespace faultline
