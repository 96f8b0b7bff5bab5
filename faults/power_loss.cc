#include "faults/power_loss.h"

#include "faults/volume_gone.h"
#include "harness/cluster/worker.h"

namespace faultline {

void PowerLoss::strike(const std::string& server) {
  const auto& disk = volume(server);
  worker(server).undo_first(undo_volume_gone(disk, server));
  cluster().expect_exit(server);
  disk.cut_power();
  const auto problem = disk.write_problem();
  {
    const std::lock_guard lock(mutex_);
    write_problem_[server] = problem;
  }
  cluster().kill(server);
  disk.kill_holders();  // one that was restarted meanwhile
  disk.detach();
}

Evidence PowerLoss::look(const std::string& server) {
  return volume_is_gone(cluster(), server, volume(server), write_problem_.at(server));
}

void PowerLoss::undo(const std::string& server) {
  volume(server).attach();
  cluster().start(server);
}

}  // namespace faultline
