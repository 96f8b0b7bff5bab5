#include "harness/broker/nats/dead_letter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace faultline {
namespace {

using nlohmann::json;

json reply(const char* base64) { return {{"message", {{"seq", 1}, {"data", base64}}}}; }

TEST(NatsDeadLetter, IsTheMessageThatTheAdvisoryNames) {
  // {"stream":"s","consumer":"c","stream_seq":47,"deliveries":3}
  EXPECT_EQ(dead_letter_of(reply("eyJzdHJlYW0iOiJzIiwiY29uc3VtZXIiOiJjIiwic3RyZWFtX3NlcSI6NDcsImRl"
                                 "bGl2ZXJpZXMiOjN9")),
            47U);
}

TEST(NatsDeadLetter, WhatIsNoAdvisoryIsNone) {
  EXPECT_EQ(dead_letter_of(json{{"error", {{"err_code", 10037}}}}), std::nullopt);
  EXPECT_EQ(dead_letter_of(json{{"message", 7}}), std::nullopt);
  EXPECT_EQ(dead_letter_of(json("text")), std::nullopt);
  for (const auto* data : {"", "e30=", "!!", "eyJzdHJlYW1fc2VxIjoiNDcifQ=="})
    EXPECT_EQ(dead_letter_of(reply(data)), std::nullopt) << data;
}

}  // namespace
}  // namespace faultline
