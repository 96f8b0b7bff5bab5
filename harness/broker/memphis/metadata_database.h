// The PostgreSQL in which Memphis keeps what it knows of stations, users and clients.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "harness/broker/memphis/memphis_config.h"
#include "harness/cluster/undo.h"

namespace faultline {

// Why there can be none on this machine, and what to do; empty: there can.
std::string why_no_metadata_database();

std::string new_password();  // random, of 64 bits

struct MetadataDatabaseOptions {
  std::filesystem::path folder;  // of its data, removed with it, and its log, which stays
  UndoFirst undo_first = {};     // how to remove the data, before there is any
  std::function<void(int pid, const std::string& what)> started = {};  // right after each start
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

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
