#include "harness/account_limits.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using nlohmann::json;

json account(const json& limits) {
  return {{"streams", 3}, {"consumers", 4}, {"storage", 1000}, {"memory", 0}, {"limits", limits}};
}

TEST(AccountLimits, NoLimitsAreRoom) {
  const json none{{"max_streams", -1}, {"max_consumers", -1}, {"max_storage", -1}};
  EXPECT_EQ(why_no_room(account(none), {}), "");
  EXPECT_EQ(why_no_room(json::object(), {}), "");
}

TEST(AccountLimits, WhatIsFull) {
  const auto why = [](const json& limits) { return why_no_room(account(limits), {}); };
  EXPECT_NE(why({{"max_streams", 3}}).find("3 streams"), std::string::npos);
  EXPECT_EQ(why({{"max_streams", 4}}), "");
  EXPECT_NE(why({{"max_consumers", 1}}).find("1 consumers"), std::string::npos);
  EXPECT_NE(why({{"max_storage", 2000}}).find("too little storage"), std::string::npos);
  EXPECT_NE(why({{"max_bytes_required", true}}).find("max_bytes"), std::string::npos);
  EXPECT_NE(why({{"max_ack_pending", 1000}}).find("1000 unacknowledged"), std::string::npos);
}

// nats-server 2.12: jetstream_cluster.go, of streams and of consumers.
TEST(AccountLimits, ZeroIsNoLimitAndConsumersCountStreamByStream) {
  EXPECT_EQ(why_no_room(account({{"max_streams", 0}, {"max_consumers", 0}}), {}), "");
  EXPECT_EQ(why_no_room(account({{"max_consumers", 4}}), {}), "");
  EXPECT_NE(why_no_room(account({{"max_storage", 0}}), {}), "");
}

TEST(AccountLimits, OfTiers) {
  json tiers = account(json::object());
  tiers["tiers"] = {{"R1", account({{"max_streams", 9}})}};
  EXPECT_NE(why_no_room(tiers, {}).find("no streams of 3 replicas"), std::string::npos);
  tiers["tiers"]["R3"] = account({{"max_streams", 3}});
  EXPECT_NE(why_no_room(tiers, {}).find("3 streams"), std::string::npos);
}

TEST(AccountLimits, WithoutJetStream) {
  const json answer{{"error", {{"err_code", 10039}, {"description", "not enabled for account"}}}};
  EXPECT_EQ(why_no_room(answer, {}), "not enabled for account");
}

}  // namespace
}  // namespace faultline
