// What is mounted where, and by whom; asked of /proc, never of the file system itself,
// which may be frozen or shut down.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace faultline::agent {

struct Mount {
  dev_t device = 0;
  std::string point;
};

// Of the mount namespace of a process, "self" or a pid; the first mounted first.
std::vector<Mount> mounts(const std::string& process);

std::optional<Mount> mount_at(const std::string& point);  // the uppermost
bool mounted_at(const std::string& point);
void require_mounted(const std::string& point);  // throws "nothing is mounted at ..."

// Pids of other mount namespaces that have one of the devices mounted.
std::vector<std::string> holders(const std::vector<dev_t>& devices);

// Pids that have a file, their folder or their program below the mount point.
std::vector<std::string> users(const std::string& point);

std::string display_name(const std::string& process);                  // "nats-server (pid 4711)"
std::string display_names(const std::vector<std::string>& processes);  // with commas

}  // namespace faultline::agent
