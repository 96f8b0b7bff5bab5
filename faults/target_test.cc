#include "faults/target.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using Names = std::vector<std::string>;

TEST(Target, EveryNameIsResolved) {
  const Names replicas{"n1", "n2", "n3", "n4", "n5"};
  for (const auto& name : target_names())
    EXPECT_FALSE(resolve_target(name, "n1", replicas).empty()) << name;
  for (const auto* name : {"", "Leader", "follower", "follower:0", "follower:3", "n1", "server",
                           "server:", "server:0", "server:01", "server:6"})
    EXPECT_TRUE(resolve_target(name, "n1", replicas).empty()) << name;
}

TEST(Target, IsResolvedInOrderOfServerName) {
  const Names replicas{"n3", "n1", "n2"};
  EXPECT_EQ(resolve_target("leader", "n2", replicas), Names{"n2"});
  EXPECT_EQ(resolve_target("follower:1", "n2", replicas), Names{"n1"});
  EXPECT_EQ(resolve_target("follower:2", "n2", replicas), Names{"n3"});
  EXPECT_EQ(resolve_target("follower:1", "n1", replicas), Names{"n2"});
  EXPECT_EQ(resolve_target("followers", "n2", replicas), (Names{"n1", "n3"}));
  EXPECT_EQ(resolve_target("leader+follower", "n2", replicas), (Names{"n2", "n1"}));
  EXPECT_EQ(resolve_target("all", "n2", replicas), (Names{"n1", "n2", "n3"}));
}

TEST(Target, AServerByNumberNeedsNoLeader) {
  const Names replicas{"n3", "n1", "n2"};
  for (const auto* leader : {"", "n1", "n3"}) {
    EXPECT_EQ(resolve_target("server:1", leader, replicas), Names{"n1"});
    EXPECT_EQ(resolve_target("server:3", leader, replicas), Names{"n3"});
    EXPECT_EQ(resolve_target("server:4", leader, replicas), Names{});
  }
}

TEST(Target, IsEmptyWhereItCannotBeResolved) {
  const Names three{"n1", "n2", "n3"}, one{"n1"};
  for (const auto& target : target_names()) {
    if (target.starts_with("server:")) continue;
    const auto without_leader = resolve_target(target, "", three);
    EXPECT_EQ(without_leader, target == "all" ? three : Names{}) << target;
  }
  EXPECT_EQ(resolve_target("leader", "n4", three), Names{});  // leads, but holds no replica
  EXPECT_EQ(resolve_target("follower:1", "n1", one), Names{});
  EXPECT_EQ(resolve_target("leader+follower", "n1", one), Names{});
  EXPECT_EQ(resolve_target("followers", "n1", one), Names{});
  EXPECT_EQ(resolve_target("nobody", "n1", three), Names{});
  EXPECT_EQ(resolve_target("all", "n1", Names{}), Names{});
}

}  // namespace
}  // namespace faultline
