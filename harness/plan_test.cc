#include "harness/plan.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using namespace std::chrono_literals;

Scenario scenario(std::vector<FaultStep> faults) {
  Scenario scenario;
  scenario.faults = std::move(faults);
  return scenario;
}

TEST(Plan, MostAtOnce) {
  EXPECT_EQ(most_at_once(scenario({{"broker-kill", "leader"}})), 1u);
  EXPECT_EQ(most_at_once(scenario({{"broker-kill", "followers"}})), 2u);
  EXPECT_EQ(most_at_once(scenario({{"broker-kill", "leader+follower"}})), 2u);
  EXPECT_EQ(most_at_once(scenario({{"broker-kill", "all"}, {"broker-stop", "leader"}})), 3u);
  EXPECT_EQ(most_at_once(scenario({{"broker-kill", "leader"}, {"broker-kill", "follower:1"}})), 2u);
}

TEST(Plan, WhatEndedIsNotDownAtOnceWithWhatComesAfterIt) {
  FaultStep repeated{"broker-kill", "leader", 0s};
  repeated.lasts = 5s;
  repeated.times = 3;
  repeated.every = 8s;
  EXPECT_EQ(most_at_once(scenario({repeated})), 1u);
  EXPECT_EQ(most_at_once(scenario({repeated, {"broker-stop", "server:2", 16s}})), 2u);
  EXPECT_EQ(most_at_once(scenario({repeated, {"broker-crash", "leader", 22s}})), 1u);
}

TEST(Plan, TimelineSaysWhatEndsBeforeTheHeal) {
  FaultStep step{"broker-kill", "leader", 1s};
  step.lasts = 4s;
  step.times = 2;
  step.every = 10s;
  auto one = scenario({step});
  one.steady = 10s;
  const auto text = timeline(one, [](const FaultStep&) { return "nats-0"; });
  const auto strikes = text.find("  0:11  broker-kill leader: nats-0\n");
  const auto ends = text.find("  0:15  broker-kill leader ends\n");
  const auto again = text.find("  0:21  broker-kill leader: nats-0\n");
  EXPECT_LT(strikes, ends) << text;
  EXPECT_LT(ends, again) << text;
  EXPECT_NE(again, std::string::npos) << text;
}

TEST(Plan, APartitionMayHitOthersThanItsTarget) {
  const auto hit = [](PartitionShape shape, const char* target, std::uint32_t replicas) {
    auto one = scenario({{"partition", target, 0ms, {.shape = shape}}});
    one.replicas = replicas;
    return most_at_once(one);
  };
  EXPECT_EQ(hit(PartitionShape::isolated, "leader", 3), 1u);
  EXPECT_EQ(hit(PartitionShape::halves, "leader", 5), 2u);
  EXPECT_EQ(hit(PartitionShape::bridge, "leader", 5), 4u);
  EXPECT_EQ(hit(PartitionShape::ring, "all", 5), 5u);
}

TEST(Plan, AnOutageNeedsALostQuorum) {
  EXPECT_EQ(longest_outage(scenario({{"broker-kill", "leader"}})), 0ms);
  auto two = scenario({{"broker-kill", "followers"}});
  two.fault = 30s;
  EXPECT_EQ(longest_outage(two), 30s);
  two.heal_order = HealOrder::one_by_one;
  two.heal_interval = 10s;
  EXPECT_EQ(longest_outage(two), 40s);
}

TEST(Plan, TimelineSaysWhomAndWhen) {
  auto one = scenario({{"broker-kill", "leader", 5s}});
  one.steady = 10s;
  one.fault = 30s;
  const auto text = timeline(one, [](const FaultStep&) { return "nats-0 on w0"; });
  EXPECT_NE(text.find("  0:15  broker-kill leader: nats-0 on w0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  0:40  healed, all together\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace faultline
