#include "harness/cluster/volume.h"

#include <unistd.h>

#include <sstream>

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

std::vector<std::string> with_numbers(std::vector<std::string> command,
                                      const std::vector<std::uint64_t>& numbers) {
  for (const auto number : numbers) command.push_back(std::to_string(number));
  return command;
}

}  // namespace

void Volume::make() const {
  const auto folder = image.substr(0, image.rfind('/'));
  output_of(place.command({"mkdir", "-p", folder}));
  output_of(place.command({"rm", "-f", image}));
  output_of(place.command({"truncate", "--size=" + std::to_string(bytes), image}));
  output_of(place.command(
      file_system == "xfs" ? std::vector<std::string>{"mkfs.xfs", "-q", "-f", image}
                           : std::vector<std::string>{"mkfs.ext4", "-q", "-F", "-m", "0", image}));
}

void Volume::attach() const {
  output_of(agent(place, {"attach", image, mount_point}));
  output_of(place.command({"mkdir", "-p", data()}));
}

bool Volume::attached() const {
  return run_program(agent(place, {"probe", mount_point})).status == 0;
}

bool Volume::mounted() const {
  return run_program(place.command({"test", "-d", data()})).status == 0;
}

void Volume::detach() const { output_of(agent(place, {"detach", image})); }

std::string Volume::kill_holders() const {
  return enumerated(output_of(agent(place, {"kill-holders", image})));
}

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

void Volume::freeze(std::chrono::seconds limit) const {
  std::vector<std::string> command{"freeze", mount_point, "--limit", std::to_string(limit.count())};
  // Elsewhere this process has another number, or none.
  if (place.enter.empty()) command.insert(command.end(), {"--owner", std::to_string(::getpid())});
  output_of(agent(place, command));
}

void Volume::thaw() const { output_of(agent(place, {"thaw", mount_point})); }

std::string Volume::hang_problem() const {
  const auto end = run_program(agent(place, {"hangs", mount_point}));
  return end.status == 0 ? "" : reason(end.errors);
}

std::vector<StoredFile> Volume::files() const {
  std::istringstream lines(output_of(agent(place, {"files", data()})));
  std::vector<StoredFile> all;
  for (StoredFile file; lines >> file.bytes && std::getline(lines >> std::ws, file.path);)
    all.push_back(file);
  return all;
}

std::vector<ChangedByte> Volume::flip(const std::string& path,
                                      const std::vector<std::uint64_t>& bits) const {
  std::istringstream lines(
      output_of(agent(place, with_numbers({"flip", data() + "/" + path}, bits))));
  std::vector<ChangedByte> all;
  std::uint64_t offset = 0;
  for (unsigned before = 0, after = 0; lines >> std::dec >> offset >> std::hex >> before >> after;)
    all.push_back({offset, static_cast<std::uint8_t>(before), static_cast<std::uint8_t>(after)});
  return all;
}

std::string Volume::cut(const std::string& path, std::uint64_t bytes) const {
  auto hex = output_of(agent(place, with_numbers({"cut", data() + "/" + path}, {bytes})));
  hex.erase(hex.find_last_not_of('\n') + 1);
  return hex;
}

std::vector<std::uint8_t> Volume::bytes_at(const std::string& path,
                                           const std::vector<std::uint64_t>& offsets) const {
  std::istringstream lines(
      output_of(agent(place, with_numbers({"bytes", data() + "/" + path}, offsets))));
  std::vector<std::uint8_t> all;
  for (unsigned byte = 0; lines >> std::hex >> byte;)
    all.push_back(static_cast<std::uint8_t>(byte));
  return all;
}

UndoStep Volume::undo_make() const {
  return {place.command({"test", "!", "-e", image, "-a", "!", "-e", mount_point}),
          agent(place, {"remove", image, mount_point})};
}

UndoStep Volume::undo_freeze() const {
  return {agent(place, {"thawed", mount_point}), agent(place, {"thaw", mount_point})};
}

UndoStep Volume::undo_fill() const {
  return {place.command({"test", "!", "-e", mount_point + "/.faultline-full"}),
          agent(place, {"unfill", mount_point})};
}

}  // namespace faultline
