// Whom a fault hits, by role; resolved when it strikes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace faultline {

// leader, follower:1, follower:2 (in order of server name), followers,
// leader+follower (the leader and follower:1), all.
std::vector<std::string> target_names();

// `leader` is the stream's leader; `replicas` all servers that hold the stream.
// Empty if the role cannot be resolved (nobody leads, too few replicas).
std::vector<std::string> resolve_target(std::string_view target, const std::string& leader,
                                        std::span<const std::string> replicas);

}  // namespace faultline
