// What the faults share that damage a file of a broker behind its back.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/damage_choice.h"
#include "faults/per_server_fault.h"

namespace faultline {

// The broker is held down, and one of its files is damaged. Undone by starting the
// broker: what it makes of the damage is what is looked for, so nothing is repaired.
class FileDamage : public PerServerFault {
 public:
  FileDamage(std::string name, FaultContext, const FaultOptions&);

 protected:
  struct Damage {
    StoredFile file;                        // as it was
    std::string what;                       // was changed, byte by byte
    std::uint64_t bytes_left = 0;           // its size now
    std::vector<ChangedByte> changed = {};  // of what is left
  };

  virtual Damage damage(const Volume&, const StoredFile&, Random&) const = 0;

  void strike(const std::string& server) final;
  Evidence look(const std::string& server) final;  // down, and the damage is on the volume
  void undo(const std::string& server) final;

 private:
  std::string told(const std::string& server, const Damage&);

  const DataFile kind_;
  std::mutex mutex_;
  std::map<std::string, Damage> done_;  // by server
  std::set<std::string> told_;
};

}  // namespace faultline
