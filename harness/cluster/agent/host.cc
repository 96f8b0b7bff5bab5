#include "harness/cluster/agent/host.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace faultline::agent {
namespace {

constexpr const char* search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The mount namespace last: from then on paths are the machine's.
void enter_namespaces() {
  constexpr std::array names{"cgroup", "ipc", "uts", "net", "mnt"};
  std::array<int, names.size()> opened{};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto path = std::string("/proc/1/ns/") + names[i];
    opened[i] = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (opened[i] < 0) fail(path + ", is this a privileged container with hostPID?");
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (::setns(opened[i], 0) != 0) fail(std::string("entering /proc/1/ns/") + names[i]);
  if (::chdir("/") != 0) fail("/");
}

}  // namespace

void run_on_host(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  enter_namespaces();
  ::setenv("PATH", search_path, 1);
  if (command.at(0) == "faultline-agent")
    ::execv("/proc/self/exe", words.data());
  else
    ::execvp(words[0], words.data());
  fail(command[0]);
}

}  // namespace faultline::agent
