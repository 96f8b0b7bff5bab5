// How to undo what a run does to the machine, on disk and synced before it is
// done. One file per run in a fixed state folder, locked by the run that owns it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/cluster/undo.h"

namespace faultline {

// What root did only root can undo: its place does not depend on who became root, and how.
inline constexpr const char* root_state_folder = "/var/lib/faultline";

// $FAULTLINE_STATE_DIR, else of root the one above, else $XDG_STATE_HOME/faultline, else
// ~/.local/state/faultline.
std::filesystem::path state_folder();

class Journal {  // whatever writes the file throws std::system_error: a full disk, one that is gone
 public:
  // Creates and locks <state folder>/<run id>.journal; file_exists: a run of that name has it.
  Journal(const std::filesystem::path& folder, const std::string& run_id);
  ~Journal();  // without finish() the file stays, for `heal`
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // A process that must not outlive the run; named by pid and start time, so
  // that another process with the same pid is never hit.
  void process_started(int pid, const std::string& what);
  void fault_striking(const std::string& name, const std::vector<std::string>& servers);
  const std::string& run() const;

  void undo_first(const Undo&);  // call it before what it undoes; it is synced on return

  // From here on records are kept in a second place too, before undo_first returns;
  // `finished` is called by finish().
  void keep_also(UndoFirst keep, std::function<void()> finished);

  // Undoes what is not undone yet, the last first. Returns what could not be;
  // empty if all is well.
  std::vector<std::string> undo_all();

  void finish();  // all is undone: removes the file, and calls `finished`

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

struct HealReport {
  std::vector<std::string> undone;  // one line each
  std::vector<std::string> failed;  // went on past these
  std::vector<std::string> live;    // runs beside this one, not touched
  bool clean() const { return failed.empty(); }
};

// Undoes what killed runs left: journals that nobody holds locked. Idempotent.
HealReport heal_leftovers(const std::filesystem::path& folder);

// For who is not root: what this folder of root's may have to undo, in one line; empty if
// nothing. Whether its runs are under way or were killed only root can see.
std::string left_to_root(const std::filesystem::path& folder = root_state_folder);

}  // namespace faultline
