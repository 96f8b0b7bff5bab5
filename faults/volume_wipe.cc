#include "faults/volume_wipe.h"

#include <fmt/format.h>

#include "faults/reachability.h"
#include "harness/cluster/volume.h"

namespace faultline {
namespace {

bool is_empty(const Volume& disk) {
  const auto listing = run_program(disk.place.command({"ls", "-A", disk.data()}));
  return listing.status == 0 && listing.output.empty();
}

}  // namespace

std::string VolumeWipe::already(const std::string& server) {
  return is_empty(volume(server)) ? "without data" : "";
}

void VolumeWipe::strike(const std::string& server) {
  const auto& disk = volume(server);
  cluster().kill(server);
  disk.detach();
  disk.make();
  disk.attach();
}

Evidence VolumeWipe::look(const std::string& server) {
  const bool empty = is_empty(volume(server));
  const auto silent = silence_of(cluster(), server);
  return {empty && silent.holds,
          fmt::format("{} on its volume, {}", empty ? "nothing is" : "something is", silent.text)};
}

void VolumeWipe::undo(const std::string& server) { cluster().start(server); }

}  // namespace faultline
