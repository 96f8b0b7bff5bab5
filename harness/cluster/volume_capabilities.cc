#include <unistd.h>

#include "harness/cluster/capabilities.h"
#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

// A file system in a file of a temporary folder, mounted while `script` runs; $d is that folder.
std::string on_volume(const std::string& file_system, const std::string& script) {
  const std::string make = file_system == "xfs" ? "mkfs.xfs -q" : "mkfs.ext4 -q -F";
  return "set -e; d=$(mktemp -d); "
         "trap 'faultline-agent detach \"$d/image\" && rm -rf \"$d\"' EXIT; "
         "truncate --size=320M \"$d/image\"; " +
         make + " \"$d/image\"; faultline-agent attach \"$d/image\" \"$d/mounted\"; " + script;
}

Capability tried(Capability capability, const std::string& script) {
  try {
    const auto end = run_program({"unshare", "--mount", "sh", "-c", script});
    capability.works = end.status == 0;
    if (!capability.works) capability.found = telling_line(end.errors);
  } catch (const ClusterError& error) {
    capability.found = error.what();
  }
  if (capability.works) capability.remedy.clear();
  return capability;
}

}  // namespace

Capability loop_volume(const std::string& file_system) {
  const std::string package = file_system == "xfs" ? "xfsprogs" : "e2fsprogs";
  return tried({.what = file_system + " volume",
                .found = {},
                .purpose = "volumes of their own",
                .remedy = "root, a loop device, and " + package},
               on_volume(file_system, "faultline-agent probe \"$d/mounted\""));
}

Capability file_system_shutdown() {
  return tried({.what = "shutdown ioctl",
                .found = {},
                .purpose = "volume-detach, power-loss",
                .remedy = "root, and a kernel whose ext4 has it"},
               on_volume("ext4",
                         "faultline-agent shutdown \"$d/mounted\" 2; "
                         "if faultline-agent probe \"$d/mounted\" 2>/dev/null; then "
                         "echo 'a write succeeded after it' >&2; exit 1; fi"));
}

Capability file_system_freeze() {
  return tried({.what = "freeze ioctl",
                .found = {},
                .purpose = "disk-frozen",
                .remedy = "root, and a kernel whose ext4 can be frozen"},
               on_volume("ext4",
                         "faultline-agent freeze \"$d/mounted\" --limit 5; "
                         "faultline-agent thaw \"$d/mounted\""));
}

std::vector<Capability> volume_capabilities() {
  return {loop_volume("ext4"), loop_volume("xfs"), file_system_shutdown(), file_system_freeze()};
}

}  // namespace faultline
