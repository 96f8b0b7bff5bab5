// results/runs.db: an index of the run folders below it, in SQLite.
//
// The folders are the truth. Whatever is in the database can be read from them again, so a
// schema of an older version is dropped and filled anew, and nothing is lost with the file.
// Its form is in docs/runs.md. A rollback journal, since a results folder may be read-only or
// on a network's file system, where a write-ahead log does not work; synced, so that neither
// SIGKILL nor a power loss leaves a part of a run.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/runs/record.h"

namespace faultline {

inline constexpr const char* runs_database_name = "runs.db";

class RunsDatabase {
 public:
  enum class Mode {
    write,   // made where there is none
    memory,  // a copy of the file, as far as it can be read: what changes is forgotten
  };

  // Waits up to half a minute for other processes, here and in every method. Throws RunsError,
  // also where the file is damaged, of a newer version or not ours.
  explicit RunsDatabase(const std::filesystem::path& results, Mode = Mode::write);
  ~RunsDatabase();
  RunsDatabase(RunsDatabase&&) noexcept;
  RunsDatabase& operator=(RunsDatabase&&) noexcept;

  // One transaction each: after a kill all of it is there, or nothing.
  void add(const RunRecord&);  // replaces the one of the same folder
  void remove(const std::string& suite, const std::string& name);
  void replace_all(const std::vector<RunRecord>&);

  std::vector<RunRecord> runs() const;                // in order of begin, suite and name
  std::map<std::string, std::string> stamps() const;  // place() -> stamp
  std::string damage() const;                         // what SQLite finds wrong; empty if nothing

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// Renames a database that is damaged to runs.db.damaged-<n>, with what lies beside it.
// Returns the new place; empty if the database is whole, or there is none.
std::filesystem::path put_damaged_aside(const std::filesystem::path& results);

}  // namespace faultline
