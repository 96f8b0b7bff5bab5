// The disk a broker keeps its stream on: a file system of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/cluster/place.h"
#include "harness/cluster/undo.h"

namespace faultline {

struct StoredFile {
  std::string path;  // below data()
  std::uint64_t bytes = 0;
  bool operator==(const StoredFile&) const = default;
};

struct ChangedByte {
  std::uint64_t offset = 0;
  std::uint8_t before = 0, after = 0;
  bool operator==(const ChangedByte&) const = default;
};

// What becomes of the data that was written, but not yet synced.
enum class Shutdown {
  keep = 0,    // a clean detach: it is flushed first
  forget = 2,  // a power cut: it is gone, the journal too
};

// An image file, a loop device, ext4 or XFS, mounted in a place, by faultline-agent,
// which must be in the PATH there, as mkfs.ext4 or mkfs.xfs must. All throw ClusterError.
//
// What each fault really does to a running broker, and why by these means and
// no others: /docs/faults.md.
struct Volume {
  Place place;
  std::string image;  // in the place
  std::string mount_point;
  std::uint64_t bytes = 512ULL << 20;
  std::string file_system = "ext4";  // or "xfs", which takes 300 MiB at least

  std::string data() const { return mount_point + "/data"; }

  void make() const;          // the image with an empty file system, not mounted
  void attach() const;        // mounted, the journal replayed; data() exists on a new one
  bool attached() const;      // and writable by name
  bool mounted() const;       // data() is there, whatever would become of a write
  void detach() const;        // every mount of it in the place; throws while somebody holds it

  // SIGKILL to the containers that have it mounted. Returns who that was; empty: nobody.
  std::string kill_holders() const;

  // From here on every access fails with EIO at once, for whoever has it open,
  // until it is detached and attached again (EXT4_IOC_SHUTDOWN in linux/fs/ext4/ext4.h,
  // which is XFS_IOC_GOINGDOWN).
  void shut_down(Shutdown) const;

  // SIGKILL to its holders and shut_down(forget), in the same moment.
  void cut_power() const;

  void fill() const;    // not a byte is left for anybody
  void unfill() const;  // no effect where it is not full

  // Writes and syncs a few bytes beside the broker's data. Empty if that
  // works, else why not: "Input/output error", "No space left on device".
  std::string write_problem() const;

  // From here on every write hangs, that of attached() and write_problem() too, and not
  // even SIGKILL ends who writes. It is thawed after `limit` whoever lives then; and at
  // once when this process dies, where the place is this machine.
  void freeze(std::chrono::seconds limit) const;
  void thaw() const;  // no effect where it is not frozen

  // Empty if it is frozen, a write not back within two seconds; else what came of it.
  std::string hang_problem() const;

  // What damages files, for a broker that does not run: synced, and read back.
  std::vector<StoredFile> files() const;  // all below data(), by path
  std::vector<ChangedByte> flip(const std::string& path,
                                const std::vector<std::uint64_t>& bits) const;
  std::string cut(const std::string& path, std::uint64_t bytes) const;  // the end: in hex
  std::vector<std::uint8_t> bytes_at(const std::string& path,
                                     const std::vector<std::uint64_t>& offsets) const;

  // Whatever has become of it since, and wherever it lies by now; all that was on it is gone.
  UndoStep undo_make() const;
  UndoStep undo_freeze() const;
  UndoStep undo_fill() const;
};

}  // namespace faultline
