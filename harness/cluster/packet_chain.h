// A chain of packet filter rules of the harness's own inside a worker. Commands for a
// Place, to run or to keep in a journal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/cluster/packet_rules.h"

namespace faultline {

// Each fault has a chain of another name, so that faults overlap. None begins with
// FAULTLINE, which is the partition's (packet_rules.h).
struct PacketChain {
  std::string name;                // up to 28 characters
  std::string table;               // of iptables(8): "raw", "mangle", "filter"
  std::vector<std::string> hooks;  // built-in chains of this table: "PREROUTING", "OUTPUT"

  bool operator==(const PacketChain&) const = default;
};

// Called from the hooks once all of its rules ("-p tcp --dport 4222 -j DROP") are in it. Fails,
// and changes nothing, where there is such a chain already.
InsideCommand make_chain(const PacketChain&, const std::vector<std::string>& rules);
InsideCommand list_chain(const PacketChain&);

// Ends with status 0 where there is no such chain, 1 where there is one; any other is no answer.
InsideCommand chain_is_gone(const PacketChain&);
InsideCommand remove_chain(const PacketChain&);
UndoStep undo_chain(const PacketChain&, const Place&);

// What list_chain lists: the packets that rules with this target took.
std::uint64_t packets_taken(const std::string& listing, const std::string& target);

}  // namespace faultline
