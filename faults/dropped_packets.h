// Evidence that packet filter rules bite: they drop packets, and more as time goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace faultline {

struct DroppedPackets {
  bool has_rules = false;  // else there is nothing that could drop any
  std::uint64_t count = 0;
};

// Returns once `list`, a command that lists a chain (iptables -v -x -n -L), shows that more
// packets than `before` were dropped, that there is no chain, or when the limit is over.
// Throws ClusterError.
DroppedPackets wait_for_drops(const std::vector<std::string>& list, std::uint64_t before,
                              std::chrono::seconds limit);

}  // namespace faultline
