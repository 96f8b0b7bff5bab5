#include "faults/partition_shape.h"

#include <algorithm>

namespace faultline {
namespace {

using Servers = std::vector<std::string>;

bool holds(std::span<const std::string> servers, const std::string& server) {
  return std::ranges::find(servers, server) != servers.end();
}

Servers sorted(std::span<const std::string> servers) {
  Servers all(servers.begin(), servers.end());
  std::ranges::sort(all);
  return all;
}

Servers others(std::span<const std::string> servers, std::span<const std::string> targets) {
  Servers rest = sorted(servers);
  std::erase_if(rest, [&](const std::string& server) { return holds(targets, server); });
  return rest;
}

// The targets' side.
Servers near_side(PartitionShape shape, std::span<const std::string> targets,
                  std::span<const std::string> servers) {
  Servers side = sorted(targets);
  if (shape != PartitionShape::halves) return side;
  for (const auto& server : others(servers, targets))
    if (side.size() < servers.size() / 2) side.push_back(server);
  return sorted(side);
}

void cut(std::set<Link>& links, std::span<const std::string> from,
         std::span<const std::string> to) {
  for (const auto& sender : from)
    for (const auto& receiver : to) links.emplace(sender, receiver);
}

void cut_both_ways(std::set<Link>& links, std::span<const std::string> some,
                   std::span<const std::string> rest) {
  cut(links, some, rest);
  cut(links, rest, some);
}

std::set<Link> cut_to_ring(const Servers& servers) {
  std::set<Link> links;
  for (std::size_t i = 0; i < servers.size(); ++i)
    for (std::size_t j = 0; j < servers.size(); ++j) {
      const auto apart = i < j ? j - i : i - j;
      if (apart > 1 && apart + 1 < servers.size()) links.emplace(servers[i], servers[j]);
    }
  return links;
}

}  // namespace

std::set<Link> cut_links(PartitionShape shape, std::span<const std::string> targets,
                         std::span<const std::string> servers) {
  if (targets.empty()) return {};
  if (shape == PartitionShape::ring) return cut_to_ring(sorted(servers));
  std::set<Link> links;
  if (shape == PartitionShape::bridge) {
    const Servers rest = others(servers, targets);
    const std::span all(rest);
    cut_both_ways(links, all.first(rest.size() / 2), all.subspan(rest.size() / 2));
    return links;
  }
  const Servers side = near_side(shape, targets, servers);
  const Servers rest = others(servers, side);
  cut(links, side, rest);
  if (shape != PartitionShape::one_way) cut(links, rest, side);
  return links;
}

std::vector<std::string> cut_servers(PartitionShape shape, std::span<const std::string> targets,
                                     std::span<const std::string> servers) {
  const auto links = cut_links(shape, targets, servers);
  if (links.empty()) return {};
  if (shape != PartitionShape::ring && shape != PartitionShape::bridge)
    return near_side(shape, targets, servers);
  std::set<std::string> all;
  for (const auto& link : links) all.insert(link.first);
  return {all.begin(), all.end()};
}

std::set<std::string> without_majority(const std::set<Link>& cut,
                                       std::span<const std::string> servers) {
  std::set<std::string> without;
  for (const auto& server : servers) {
    const auto met = std::ranges::count_if(servers, [&](const std::string& other) {
      return !cut.contains({server, other}) && !cut.contains({other, server});
    });
    if (2 * static_cast<std::size_t>(met) <= servers.size()) without.insert(server);
  }
  return without;
}

}  // namespace faultline
