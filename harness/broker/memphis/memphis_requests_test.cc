#include "harness/broker/memphis/memphis_requests.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using nlohmann::json;

StreamSettings settings() {
  StreamSettings settings;
  settings.name = "s";
  settings.replicas = 3;
  return settings;
}

json info() {
  return {{"config", {{"num_replicas", 3}, {"storage", "file"}, {"subjects", {"s$1.>"}}}}};
}

TEST(MemphisRequestsTest, StationSaysEverythingThatMemphisWouldElseChoose) {
  auto wanted = settings();
  wanted.memory_storage = true;
  wanted.partitions = 4;
  const auto [subject, body] = make_station("s", wanted);
  EXPECT_EQ(subject, "$memphis_station_creations");
  EXPECT_EQ(body.at("name"), "s");
  EXPECT_EQ(body.at("storage_type"), "memory");
  EXPECT_EQ(body.at("replicas"), 3);
  EXPECT_EQ(body.at("partitions_number"), 4);
  EXPECT_EQ(make_station("s", settings()).body.at("partitions_number"), 1);  // 0 is an error
  EXPECT_EQ(body.at("retention_type"), "message_age_sec");
  EXPECT_GE(body.at("retention_value"), 86'400);
}

TEST(MemphisRequestsTest, ConsumerReadsFromTheStartAsOftenAsMemphisAllows) {
  auto wanted = settings();
  wanted.ack_wait = std::chrono::milliseconds(1500);
  const auto [subject, body] = make_consumer("s", "g", "c", wanted);
  EXPECT_EQ(subject, "$memphis_consumer_creations");
  EXPECT_EQ(body.at("consumers_group"), "g");
  EXPECT_EQ(body.at("connection_id"), "c");
  EXPECT_EQ(body.at("max_ack_time_ms"), 1500);
  EXPECT_EQ(body.at("max_msg_deliveries"), 10);
  EXPECT_EQ(body.at("start_consume_from_sequence"), 1);
  EXPECT_EQ(body.at("last_messages"), -1);
}

TEST(MemphisRequestsTest, OnlyTheGroupThatRefusesGetsFewer) {
  auto wanted = settings();
  wanted.durable_group = "g";
  wanted.refusing_group = "r";
  wanted.max_deliveries = 3;
  EXPECT_EQ(make_consumer("s", "r", "c", wanted).body.at("max_msg_deliveries"), 3);
  EXPECT_EQ(make_consumer("s", "g", "c", wanted).body.at("max_msg_deliveries"), 10);
}

TEST(MemphisRequestsTest, WhatIsMadeCanBeRemoved) {
  EXPECT_EQ(remove_station("s").body.at("station_name"),
            make_station("s", settings()).body["name"]);
  for (const auto* key : {"name", "station_name", "connection_id"}) {
    EXPECT_EQ(remove_producer("s", "c").body.at(key), make_producer("s", "c").body.at(key)) << key;
    EXPECT_EQ(remove_consumer("s", "g", "c").body.at(key),
              make_consumer("s", "g", "c", settings()).body.at(key))
        << key;
  }
}

TEST(MemphisRequestsTest, StreamOfAStationIsComparedWithWhatWasAsked) {
  EXPECT_EQ(unlike(info(), "s$1", settings()), "");
  auto other = info();
  other["config"]["num_replicas"] = 1;  // as where a producer came before the station
  EXPECT_EQ(unlike(other, "s$1", settings()), "it has 1 replicas, not 3");
  other = info();
  other["config"]["storage"] = "memory";
  EXPECT_EQ(unlike(other, "s$1", settings()), "it is stored in 'memory', not 'file'");
  other = info();
  other["config"]["subjects"] = {"s.>"};
  EXPECT_EQ(unlike(other, "s$1", settings()), "it does not take what is published to s$1.>");
  EXPECT_EQ(unlike(json::object(), "s$1", settings()), "it has no configuration");
}

}  // namespace
}  // namespace faultline
