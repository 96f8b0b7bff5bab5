// The PostgreSQL in which Memphis keeps what it knows of stations, users and clients.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/broker/memphis/memphis_config.h"
#include "harness/cluster/undo.h"

namespace faultline {

// Why there can be none on this machine, and what to do; empty: there can.
std::string why_no_metadata_database();

std::string new_password();  // random, of 64 bits

struct MetadataDatabaseOptions {
  std::filesystem::path folder;  // of its data, removed with it, and its log, which stays
  UndoFirst undo_first = {};     // how to remove the data, before there is any
  // Right after each start, and of processes that it started itself before they are stopped.
  std::function<void(int pid, const std::string& what)> started = {};
};

// What came of one query over a connection of its own.
struct MetadataAnswer {
  std::optional<std::chrono::milliseconds> took;  // empty: there was no answer
  std::string complaint;                          // why not
};

struct MetadataRows {
  std::optional<std::vector<std::string>> rows;  // the first column of each; empty: no answer
  std::string complaint;                         // why not, one line
};

// A cluster of its own, of one server, that nobody else gets into. The server does not outlive
// the value or the harness. Of root it runs in a user namespace of its own in which it is not
// root, which PostgreSQL refuses to be.
class MetadataDatabase {
 public:
  explicit MetadataDatabase(MetadataDatabaseOptions);
  ~MetadataDatabase();

  // Returns when it takes connections at this address. The first call makes the cluster; one
  // while it runs has no effect. Throws ClusterError.
  void start(const std::string& address);

  MetadataAccess access() const;

  // All of its processes, at once. None has an effect on one that does not run. kill and freeze
  // throw ClusterError where a process does not obey, and what `started` throws. One that is
  // frozen while the harness is killed does not end with it, since what is stopped is told
  // nothing; who was told of it by `started` can end it.
  void kill();    // returns when they are gone; start() begins anew, with the same data
  void freeze();  // returns when they stand still
  void thaw();

  std::string processes() const;  // "pid 4711 and 14 of its own", empty: none
  bool frozen() const;
  MetadataAnswer ask(std::chrono::milliseconds limit) const;

  MetadataRows select(const std::string& query, std::chrono::milliseconds limit) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
