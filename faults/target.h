// Whom a fault hits, by role; resolved when it strikes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace faultline {

// leader, follower:1, follower:2 (in order of server name), followers,
// leader+follower (the leader and follower:1), all; server:1 to server:5, the
// replicas in order of server name, whoever leads.
std::vector<std::string> target_names();

bool is_role(std::string_view target);  // who it is depends on who leads

// `leader` is the stream's leader; `replicas` all servers that hold the stream.
// Empty if the role cannot be resolved (nobody leads, too few replicas).
std::vector<std::string> resolve_target(std::string_view target, const std::string& leader,
                                        std::span<const std::string> replicas);

}  // namespace faultline
