#include "faults/volume_gone.h"

#include <fmt/format.h>

#include <cstring>

#include "faults/reachability.h"

namespace faultline {

std::string VolumeGone::already(const std::string& server) {
  return volume(server).mounted() ? "" : "without its volume";
}

void VolumeGone::strike(const std::string& server) {
  const auto& disk = volume(server);
  cluster().expect_exit(server);
  break_volume(server);
  const auto problem = disk.write_problem();
  {
    const std::lock_guard lock(mutex_);
    write_problem_[server] = problem;
  }
  cluster().kill(server);
  disk.detach();
  when_detached(server);
}

Evidence VolumeGone::look(const std::string& server) {
  const auto& problem = write_problem_.at(server);
  const bool attached = volume(server).attached();
  const auto silent = silence_of(cluster(), server);
  const auto why = cluster().why_down(server);
  return {problem == std::strerror(EIO) && !attached && silent.holds,
          fmt::format("a write to its volume {}, the volume is {}, {}{}{}",
                      problem.empty() ? "succeeded" : "gave \"" + problem + "\"",
                      attached ? "there" : "detached", silent.text, why.empty() ? "" : ", ", why)};
}

void VolumeGone::undo(const std::string& server) {
  volume(server).attach();
  cluster().start(server);
}

}  // namespace faultline
