#include "harness/cluster/volume.h"

#include "harness/cluster/cluster.h"

namespace faultline {
namespace {

std::vector<std::string> agent(const Place& place, std::vector<std::string> command) {
  command.insert(command.begin(), "faultline-agent");
  return place.command(command);
}

// "faultline-agent: /a/b: Input/output error" -> "Input/output error"
std::string reason(const std::string& complaint) {
  const auto line = complaint.substr(0, complaint.find('\n'));
  const auto colon = line.rfind(": ");
  return colon == std::string::npos ? line : line.substr(colon + 2);
}

}  // namespace

void Volume::make() const {
  const auto folder = image.substr(0, image.rfind('/'));
  output_of(place.command({"mkdir", "-p", folder}));
  output_of(place.command({"rm", "-f", image}));
  output_of(place.command({"truncate", "--size=" + std::to_string(bytes), image}));
  output_of(place.command({"mkfs.ext4", "-q", "-F", "-m", "0", image}));
}

void Volume::attach() const {
  output_of(agent(place, {"attach", image, mount_point}));
  output_of(place.command({"mkdir", "-p", data()}));
}

bool Volume::attached() const {
  return run_program(agent(place, {"probe", mount_point})).status == 0;
}

void Volume::detach() const { output_of(agent(place, {"detach", image})); }

void Volume::kill_holders() const { output_of(agent(place, {"kill-holders", image})); }

void Volume::shut_down(Shutdown how) const {
  output_of(agent(place, {"shutdown", mount_point, std::to_string(static_cast<int>(how))}));
}

void Volume::cut_power() const { output_of(agent(place, {"cut-power", image, mount_point})); }

void Volume::fill() const { output_of(agent(place, {"fill", mount_point})); }

void Volume::unfill() const { output_of(agent(place, {"unfill", mount_point})); }

std::string Volume::write_problem() const {
  const auto end = run_program(agent(place, {"probe", mount_point}));
  return end.status == 0 ? "" : reason(end.errors);
}

UndoStep Volume::undo_detach() const {
  return {agent(place, {"probe", mount_point}), agent(place, {"attach", image, mount_point})};
}

UndoStep Volume::undo_fill() const {
  return {place.command({"test", "!", "-e", mount_point + "/.faultline-full"}),
          agent(place, {"unfill", mount_point})};
}

}  // namespace faultline
