// Evidence that a rule bites: what it counts grows as time goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace faultline {

using Count = std::optional<std::uint64_t>;  // empty: there is nothing that counts

// The count as soon as it is more than `before`, or empty; or as it is when the limit is over.
// Throws what `count` throws.
Count wait_for_more(const std::function<Count()>& count, std::uint64_t before,
                    std::chrono::seconds limit);

// Packets that a chain dropped, as a command lists it (iptables -v -x -n -L). Throws ClusterError.
Count dropped_packets(const std::vector<std::string>& list);

}  // namespace faultline
