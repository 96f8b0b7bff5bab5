// What the faults share that take a broker's volume away.
#pragma once

#include <map>
#include <mutex>

#include "faults/per_server_fault.h"
#include "harness/cluster/volume.h"

namespace faultline {

// The volume is broken, a write is seen to fail, and with every holder dead it is
// detached. Proven by that write's EIO, by the volume that is away, and by the
// broker's silence. Undone by attaching it and starting the broker. The journal has nothing of
// it: the removal of the volume, there since before it was made, ends whatever became of it.
class VolumeGone : public PerServerFault {
 public:
  using PerServerFault::PerServerFault;

 protected:
  // From here on every write to it gives EIO.
  virtual void break_volume(const std::string& server) = 0;
  virtual void when_detached(const std::string& /*server*/) {}

  std::string already(const std::string& server) final;
  void strike(const std::string& server) final;
  Evidence look(const std::string& server) final;
  void undo(const std::string& server) final;

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> write_problem_;  // while it was there, but broken
};

}  // namespace faultline
