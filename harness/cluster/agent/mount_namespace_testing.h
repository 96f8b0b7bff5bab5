// For tests only.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <ranges>
#include <system_error>

#include "harness/cluster/agent/mount_table.h"

namespace faultline::testing {

// Gives the calling thread, and whoever it starts from then on, a mount namespace of its
// own (mount_namespaces(7)): nobody else gets what is mounted there. The copies of volumes
// that other tests and runs have attached right now are let go, since with them the device
// of such a volume would be held until this process ends. Needs root; throws
// std::system_error.
inline void enter_own_mount_namespace() {
  const auto require = [](int result, const char* what) {
    if (result != 0) throw std::system_error(errno, std::generic_category(), what);
  };
  require(::unshare(CLONE_NEWNS), "a mount namespace");
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private mounts");
  for (const auto& [device, point] : agent::mounts("self") | std::views::reverse)
    if (point.find("/faultline-") != point.npos)
      require(::umount2(point.c_str(), MNT_DETACH), point.c_str());
}

}  // namespace faultline::testing
