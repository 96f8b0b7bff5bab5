// The disk a broker keeps its stream on: a file system of its own.
#pragma once

#include <cstdint>
#include <string>

#include "harness/cluster/place.h"
#include "harness/cluster/undo.h"

namespace faultline {

// What becomes of the data that was written, but not yet synced.
enum class Shutdown {
  keep = 0,    // a clean detach: it is flushed first
  forget = 2,  // a power cut: it is gone, the journal too
};

// An image file, a loop device, ext4, mounted in a place, by faultline-agent,
// which must be in the PATH there, as mkfs.ext4 must. All throw ClusterError.
//
// What each fault really does to a running broker, and why by these means and
// no others: /docs/kubernetes.md, "Volumes".
struct Volume {
  Place place;
  std::string image;  // in the place
  std::string mount_point;
  std::uint64_t bytes = 512ULL << 20;

  std::string data() const { return mount_point + "/data"; }

  void make() const;          // the image with an empty file system, not mounted
  void attach() const;        // mounted, the journal replayed; data() exists on a new one
  bool attached() const;      // and writable by name
  void detach() const;        // every mount of it in the place; throws while somebody holds it
  void kill_holders() const;  // SIGKILL to the containers that have it mounted

  // From here on every access fails with EIO at once, for whoever has it open,
  // until it is detached and attached again (EXT4_IOC_SHUTDOWN, linux/fs/ext4/ext4.h).
  void shut_down(Shutdown) const;

  // SIGKILL to its holders and shut_down(forget), in the same moment.
  void cut_power() const;

  void fill() const;    // not a byte is left for anybody
  void unfill() const;  // no effect where it is not full

  // Writes and syncs a few bytes beside the broker's data. Empty if that
  // works, else why not: "Input/output error", "No space left on device".
  std::string write_problem() const;

  UndoStep undo_detach() const;
  UndoStep undo_fill() const;
};

}  // namespace faultline
