#include "faults/disk_frozen.h"

#include "harness/cluster/volume.h"
#include "harness/cluster/worker.h"

namespace faultline {

std::string DiskFrozen::already(const std::string& server) {
  return volume(server).hang_problem().empty() ? "with a frozen disk" : "";
}

void DiskFrozen::strike(const std::string& server) {
  const auto& disk = volume(server);
  worker(server).undo_first(
      {.what = "the volume of " + server + " is not frozen", .steps = {disk.undo_freeze()}});
  disk.freeze(context().healed_by);
}

Evidence DiskFrozen::look(const std::string& server) {
  const auto problem = volume(server).hang_problem();
  if (problem.empty()) return {true, "a write to its volume hangs"};
  return {false, "a write to its volume does not hang: " + problem};
}

void DiskFrozen::undo(const std::string& server) { volume(server).thaw(); }

}  // namespace faultline
