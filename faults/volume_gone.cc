#include "faults/volume_gone.h"

#include <fmt/format.h>

#include <cstring>

#include "faults/reachability.h"

namespace faultline {

Evidence volume_is_gone(Cluster& cluster, const std::string& server, const Volume& volume,
                        const std::string& write_problem) {
  const bool failed = write_problem == std::strerror(EIO);
  const bool attached = volume.attached();
  const auto silent = silence_of(cluster, server);
  const auto why = cluster.why_down(server);
  return {failed && !attached && silent.holds,
          fmt::format("a write to its volume {}, the volume is {}, {}{}{}",
                      write_problem.empty() ? "succeeded" : "gave \"" + write_problem + "\"",
                      attached ? "there" : "detached", silent.text, why.empty() ? "" : ", ", why)};
}

Undo undo_volume_gone(const Volume& volume, const std::string& server) {
  return {.what = "the volume of " + server + " is attached", .steps = {volume.undo_detach()}};
}

}  // namespace faultline
