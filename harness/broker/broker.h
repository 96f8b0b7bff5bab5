// A broker product: what the harness asks of its cluster besides the clients'
// own traffic. One folder per product implements it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "harness/cluster/cluster.h"

namespace faultline {

class MetadataDatabase;

struct StreamSettings {
  std::string name;
  std::string subject;
  std::uint32_t partitions = 1;
  std::uint32_t replicas = 3;  // of each partition
  bool memory_storage = false;
  std::string durable_group;  // the consumer groups are made with the stream
  std::string lagging_group;
  std::string refusing_group;        // gets each message at most so often,
  std::uint32_t max_deliveries = 0;  // then it is a dead letter
  std::chrono::milliseconds ack_wait{10'000};

  std::vector<std::string> groups() const {  // those that there are
    std::vector<std::string> names;
    for (const auto& name : {durable_group, lagging_group, refusing_group})
      if (!name.empty()) names.push_back(name);
    return names;
  }
};

// What a broker keeps on its disk.
enum class DataFile {
  block,     // messages of the stream
  index,     // of where they are
  snapshot,  // of the state that its replicas agreed on
};

struct DataFiles {
  // As in glob(7), of paths below the folder that it stores in; `*` stops at a slash.
  std::vector<std::string> patterns;
  // The last of each folder, by number, is being written, and is not meant where there
  // are others.
  bool last_is_open = false;
};

struct DeadLetters {
  std::set<std::uint64_t> sequences = {};  // of the messages
  std::string unknown = {};                // why there may be others; empty: there are none
  bool for_good = false;                   // to ask again would not help
};

// Told about once a second what is waited for; what it throws ends the wait.
using Waiting = std::function<void(const std::string&)>;

class Broker {
 public:
  virtual ~Broker() = default;

  virtual std::string product() const = 0;
  virtual std::string version() = 0;

  // Returns when the metadata group has a leader and every server answers its
  // health check. Throws ClusterError: a server that exits shows the end of its
  // log, a deadline that passes says what is missing, and so does a server of another
  // version than version().
  virtual void wait_until_ready(std::chrono::seconds limit, const Waiting&) = 0;

  virtual bool answers(const std::string& server) = 0;  // it serves its monitoring endpoint
  virtual bool all_healthy() = 0;                       // and is current, all of them

  // With its groups; returns when all replicas are current. Throws ClusterError.
  virtual void create_stream(const StreamSettings&, const Waiting&) = 0;

  // Of each partition, from the first on; empty names where nobody leads.
  virtual std::vector<LeadersSeen> all_leaders() = 0;
  // Where faults speak of the stream's leader, that of the first partition is meant.
  LeadersSeen leaders() { return all_leaders().front(); }
  virtual std::vector<std::string> replica_servers() = 0;  // of the stream, by server name
  // The metadata group leads and says "not found" of it.
  virtual bool stream_absent(std::uint32_t partition) = 0;
  // Of each partition, each server asked by itself.
  virtual std::vector<ReplicaState> replica_states() = 0;

  // The stream's leader, whoever it is, is asked to make way for another. False if it did
  // not agree within the limit. May be called beside everything else.
  virtual bool step_down(std::chrono::milliseconds limit) = 0;
  // What the product's control API replies, over a connection of its own; empty: nothing within
  // the limit. May be called beside everything else.
  virtual std::optional<std::string> request(const std::string& /*subject*/,
                                             const std::string& /*body*/,
                                             std::chrono::milliseconds /*limit*/) {
    return {};
  }
  // Of the stream of create_stream. No pattern: it has no such files.
  virtual DataFiles data_files(DataFile) const { return {}; }

  // What the brokers keep beside the streams; null: the product has no such thing, or it is not
  // the harness that runs it.
  virtual MetadataDatabase* metadata() { return nullptr; }

  // What the product keeps as dead letters of the refusing group, of one partition.
  virtual DeadLetters dead_letters(std::uint32_t /*partition*/) {
    return {.unknown = "nobody knows how to ask the brokers' product", .for_good = true};
  }
  // For so long after the last refusal one that is missing may still come.
  virtual std::chrono::seconds dead_letters_settle() const { return std::chrono::seconds{30}; }

  // Moves the leaders of all groups to the stream's leader, in each partition. False if
  // that could not be reached within the limit.
  virtual bool gather_leaders(std::chrono::seconds limit, const Waiting&) = 0;
};

}  // namespace faultline
