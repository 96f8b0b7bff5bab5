#include "harness/cluster/agent/containers.h"

#include <signal.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <thread>

namespace faultline::agent {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t shortest_id = 12;
constexpr auto hold = 5s;
constexpr auto death_limit = 5s;
constexpr const char* being_made = "runc:[";  // killed then, the kubelet keeps its pod for a minute
constexpr auto look_interval = 10ms;          // far less than it takes to start a broker

struct Process {
  int pid = 0;
  std::string name;
  std::vector<std::string> groups;  // one of each hierarchy
};

std::vector<std::string> groups_of(const fs::path& process) {
  std::vector<std::string> groups;
  std::ifstream file(process / "cgroup");
  for (std::string line; std::getline(file, line);) {  // 4:memory:/kubepods/pod1/abc
    const auto first = line.find(':');
    const auto second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second != line.npos) groups.push_back(line.substr(second + 1));
  }
  return groups;
}

std::vector<Process> processes() {
  std::vector<Process> all;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (!std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c); })) continue;
    Process process{std::stoi(name), {}, groups_of(entry->path())};
    std::getline(std::ifstream(entry->path() / "comm"), process.name);
    all.push_back(std::move(process));
  }
  return all;
}

std::string last_part(const std::string& group) { return group.substr(group.rfind('/') + 1); }
std::string above(const std::string& group) { return group.substr(0, group.rfind('/')); }

// "<id>", "cri-containerd-<id>.scope", but not cri-o's "crio-conmon-<id>.scope", which
// watches the container.
bool is_group_of(const std::string& group, const std::string& id) {
  const auto part = last_part(group);
  return part.find(id) != part.npos && part.find("conmon") == part.npos;
}

// "pod<uid>", "kubepods-besteffort-pod<uid with _ for ->.slice"
bool lies_in_pod(const std::string& group, std::string uid) {
  const auto part = last_part(above(group));
  if (part.find("pod" + uid) != part.npos) return true;
  std::ranges::replace(uid, '-', '_');
  return part.find("pod" + uid) != part.npos;
}

template <class Test>
std::set<std::string> groups_where(const std::vector<Process>& all, const Test& test) {
  std::set<std::string> found;
  for (const auto& process : all)
    std::ranges::copy_if(process.groups, std::inserter(found, found.end()), test);
  return found;
}

void check_id(const std::string& id) {
  const bool good = id.size() >= shortest_id &&
                    std::ranges::all_of(id, [](unsigned char c) { return std::isxdigit(c); });
  if (!good) throw std::runtime_error("'" + id + "' is no container's id");
}

}  // namespace

std::vector<std::string> kill_container(const std::string& id, const std::string& pod) {
  check_id(id);
  auto all = processes();
  const auto own = groups_where(all, [&](const auto& group) { return is_group_of(group, id); });
  if (own.empty()) throw std::runtime_error("no process here belongs to the container " + id);
  const auto before = groups_where(all, [](const auto&) { return true; });
  const auto is_hit = [&](const std::string& group) {
    return own.contains(group) ||
           (!pod.empty() && lies_in_pod(group, pod) && !before.contains(group));
  };
  const auto until = Clock::now() + (pod.empty() ? 0s : hold);
  std::vector<std::string> killed;
  std::set<int> known;
  for (bool left = true; left || Clock::now() < until;
       std::this_thread::sleep_for(look_interval), all = processes()) {
    left = false;
    for (const auto& process : all) {
      if (std::ranges::none_of(process.groups, is_hit)) continue;
      left = true;
      if (process.name.starts_with(being_made)) continue;
      if (::kill(process.pid, SIGKILL) == 0 && known.insert(process.pid).second)
        killed.push_back(process.name + " (pid " + std::to_string(process.pid) + ")");
    }
    if (left && Clock::now() > until + death_limit)
      throw std::runtime_error("the container " + id + " still runs after SIGKILL");
  }
  return killed;
}

}  // namespace faultline::agent
