// Who no longer hears whom in a partition.
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace faultline {

enum class PartitionShape {
  isolated,  // the targets on one side, the others on the other
  halves,    // the same, but others join the targets' side, by name, until it has half
  bridge,    // the targets hear all; the others fall into two halves, by name
  ring,      // each hears its two neighbours alone, in order of name
  one_way,   // the others no longer hear the targets
};

using Link = std::pair<std::string, std::string>;  // packets from the first to the second

// The links that are cut. Empty where the shape cuts nothing: there are no targets, or nobody
// is on the other side.
std::set<Link> cut_links(PartitionShape, std::span<const std::string> targets,
                         std::span<const std::string> servers);

// Whose packets are dropped, where they are: the targets' side, else all that lose a link.
std::vector<std::string> cut_servers(PartitionShape, std::span<const std::string> targets,
                                     std::span<const std::string> servers);

// Those that do not exchange packets, both ways, with enough of them for a majority.
std::set<std::string> without_majority(const std::set<Link>& cut,
                                       std::span<const std::string> servers);

}  // namespace faultline
