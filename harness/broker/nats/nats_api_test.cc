#include "harness/broker/nats/nats_api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace faultline {
namespace {

using nlohmann::json;

TEST(NatsApi, ANumberIsFoundAtItsPlace) {
  const auto reply = json::parse(R"({"state": {"last_seq": 47}, "stream_seq": 0})");
  EXPECT_EQ(number_at(reply, "/state/last_seq"), 47U);
  EXPECT_EQ(number_at(reply, "/stream_seq"), 0U);
}

TEST(NatsApi, WhatIsNoUnsignedNumberIsNone) {
  const auto none = std::optional<std::uint64_t>();
  for (const json& text :
       {json(), json(7), json("text"), json::array({1}), json{{"state", 7}},
        json{{"state", {{"last_seq", "47"}}}}, json{{"state", {{"last_seq", -1}}}},
        json{{"state", {{"last_seq", 4.7}}}}})
    EXPECT_EQ(number_at(text, "/state/last_seq"), none) << text;
}

}  // namespace
}  // namespace faultline
