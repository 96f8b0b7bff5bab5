#include "faults/target.h"

#include <algorithm>

namespace faultline {
namespace {

constexpr std::string_view by_number = "server:";

}  // namespace

std::vector<std::string> target_names() {
  return {"leader",   "follower:1", "follower:2", "followers", "leader+follower", "all",
          "server:1", "server:2",   "server:3",   "server:4",  "server:5"};
}

bool is_role(std::string_view target) { return target != "all" && !target.starts_with(by_number); }

std::vector<std::string> resolve_target(std::string_view target, const std::string& leader,
                                        std::span<const std::string> replicas) {
  std::vector<std::string> all(replicas.begin(), replicas.end());
  std::ranges::sort(all);
  if (target == "all") return all;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (target == std::string(by_number) + std::to_string(i + 1)) return {all[i]};
  auto followers = all;
  if (leader.empty() || std::erase(followers, leader) == 0) return {};
  if (target == "leader") return {leader};
  if (target == "followers") return followers;
  if (target == "follower:1" && followers.size() >= 1) return {followers[0]};
  if (target == "follower:2" && followers.size() >= 2) return {followers[1]};
  if (target == "leader+follower" && followers.size() >= 1) return {leader, followers[0]};
  return {};
}

}  // namespace faultline
