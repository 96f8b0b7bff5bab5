#include "faults/disk_full.h"

#include <fmt/format.h>

#include <cstring>

#include "harness/cluster/volume.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

bool says_full(const std::string& write_problem) { return write_problem == std::strerror(ENOSPC); }

}  // namespace

std::string DiskFull::already(const std::string& server) {
  return says_full(volume(server).write_problem()) ? "with a full disk" : "";
}

void DiskFull::strike(const std::string& server) {
  const auto& disk = volume(server);
  worker(server).undo_first(
      {.what = "the volume of " + server + " has space", .steps = {disk.undo_fill()}});
  disk.fill();
}

Evidence DiskFull::look(const std::string& server) {
  const auto problem = volume(server).write_problem();
  return {says_full(problem),
          "a write to its volume " +
              (problem.empty() ? std::string("succeeded") : "gave \"" + problem + "\"")};
}

void DiskFull::undo(const std::string& server) { volume(server).unfill(); }

}  // namespace faultline
