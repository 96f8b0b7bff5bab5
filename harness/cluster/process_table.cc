#include "harness/cluster/process_table.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

namespace faultline {
namespace {

namespace fs = std::filesystem;

fs::path proc(int pid) { return fs::path("/proc") / std::to_string(pid); }

// Inodes of the sockets that listen on the port, in the process's network namespace.
std::set<std::string> listening_sockets(int pid, std::uint16_t port) {
  std::set<std::string> inodes;
  std::ifstream table(proc(pid) / "net/tcp");
  std::string line;
  std::getline(table, line);  // headings
  while (std::getline(table, line)) {
    std::istringstream columns(line);
    std::string slot, local, remote, state, skipped, inode;
    columns >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) columns >> skipped;
    columns >> inode;
    const auto colon = local.rfind(':');
    if (!columns || state != "0A" || colon == std::string::npos) continue;
    if (std::stoul(local.substr(colon + 1), nullptr, 16) == port) inodes.insert(inode);
  }
  return inodes;
}

// From the third on; empty if there is no such process.
std::istringstream fields_of_stat(int pid) {
  std::ifstream file(proc(pid) / "stat");
  std::string line;
  std::getline(file, line);
  const auto command_end = line.rfind(')');  // the command itself may hold spaces and brackets
  return std::istringstream(command_end == std::string::npos ? "" : line.substr(command_end + 1));
}

}  // namespace

std::optional<char> process_state(int pid) {
  auto fields = fields_of_stat(pid);
  char state = 0;
  if (!(fields >> state)) return {};
  return state;
}

std::optional<std::uint64_t> process_start_time(int pid) {
  auto fields = fields_of_stat(pid);
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") return {};
  for (int number = 4; number < 22; ++number) fields >> field;
  std::uint64_t start = 0;
  if (!(fields >> start)) return {};
  return start;
}

std::vector<int> children_of(int pid) {
  std::ifstream list(proc(pid) / "task" / std::to_string(pid) / "children");
  return {std::istream_iterator<int>(list), {}};
}

FileDescriptor open_process(int pid) {
  return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool listens(int pid, std::uint16_t port) {
  const auto sockets = listening_sockets(pid, port);
  if (sockets.empty()) return false;
  std::error_code ignored;
  for (fs::directory_iterator entry(proc(pid) / "fd", ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    std::error_code gone;
    const auto target = fs::read_symlink(entry->path(), gone).string();  // socket:[12345]
    if (target.starts_with("socket:[") && sockets.contains(target.substr(8, target.size() - 9)))
      return true;
  }
  return false;
}

}  // namespace faultline
