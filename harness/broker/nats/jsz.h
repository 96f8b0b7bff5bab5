// What one nats-server says of JetStream at its monitoring endpoint, /jsz. Each
// server tells its own, local view: who it takes for the leader, and the state
// of its own copy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace faultline {

struct Peer {
  std::string name;
  bool current = false;
  bool offline = false;
  std::uint64_t lag = 0;  // meaningful only in the leader's view
};

struct Group {                 // a Raft group as one server sees it
  std::string leader;          // empty: none known
  std::vector<Peer> replicas;  // the others; in the leader's view all followers
};

struct StreamView {
  Group group;
  std::uint64_t messages = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t deleted = 0;
  std::uint64_t lost = 0;
  std::map<std::string, Group> consumers;
};

struct JetStreamView {
  Group meta;
  std::map<std::string, StreamView> streams;  // of all accounts
};

// Empty if it is not such an answer. Members that are missing or of another
// type count as absent.
std::optional<JetStreamView> parse_jsz(std::string_view body);

using Views = std::map<std::string, JetStreamView>;  // by server name

// Who leads: the one that says so of itself; if several do (one that is cut off
// has not noticed), the one most servers take for the leader. Empty if nobody.
std::string leader_of(const std::map<std::string, Group>& seen_by_server);

std::string meta_leader(const Views&);
std::string stream_leader(const Views&, const std::string& stream);
std::string consumer_leader(const Views&, const std::string& stream, const std::string& consumer);

}  // namespace faultline
