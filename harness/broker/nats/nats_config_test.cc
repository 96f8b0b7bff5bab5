#include "harness/broker/nats/nats_config.h"

#include <gtest/gtest.h>

#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_version.h"

namespace faultline {
namespace {

std::vector<Layout> three() {
  std::vector<Layout> layouts;
  for (std::uint16_t i = 1; i <= 3; ++i)
    layouts.push_back({.name = "n" + std::to_string(i),
                       .data = "/run/\"odd\" folder/n" + std::to_string(i),
                       .log = "",
                       .host = "127.0.0.1",
                       .client_port = static_cast<std::uint16_t>(4000 + i),
                       .cluster_port = static_cast<std::uint16_t>(5000 + i),
                       .monitor_port = static_cast<std::uint16_t>(6000 + i)});
  return layouts;
}

TEST(NatsConfig, IsThisFileToTheLetter) {
  const auto layouts = three();
  EXPECT_EQ(nats_configuration(layouts[1], layouts, "always"), R"(server_name: "n2"
listen: "127.0.0.1:4002"
http: "127.0.0.1:6002"
logtime: true
debug: false
lame_duck_duration: "30s"

cluster {
  name: faultline
  listen: "127.0.0.1:5002"
  no_advertise: true
  connect_retries: 120
  routes: [
    "nats-route://127.0.0.1:5001"
    "nats-route://127.0.0.1:5002"
    "nats-route://127.0.0.1:5003"
  ]
}

jetstream {
  store_dir: "/run/\"odd\" folder/n2"
  max_file_store: 8GB
  max_memory_store: 512MB
  sync_interval: "always"
}
)");
}

TEST(NatsConfig, LeavesSyncIntervalToTheServerIfNotGiven) {
  const auto layouts = three();
  EXPECT_EQ(nats_configuration(layouts[0], layouts, "").find("sync_interval"), std::string::npos);
}

TEST(NatsConfig, SyncIntervalNeeds210) {
  EXPECT_NO_THROW(check_nats_settings({2, 9, 10}, ""));
  EXPECT_NO_THROW(check_nats_settings({2, 10, 0}, "always"));
  try {
    check_nats_settings({2, 9, 10}, "always");
    FAIL() << "2.9.10 would not start";
  } catch (const ClusterError& error) {
    EXPECT_TRUE(std::string_view(error.what())
                    .starts_with("nats-server 2.9.10 does not know sync_interval (needs 2.10 or "
                                 "newer): choose --broker-version "))
        << error.what();
  }
}

TEST(NatsProgram, LeftWithStatus1Before211) {
  const auto statuses = [](NatsVersion version) {
    return nats_program({"nats-server", version}, "").leave_statuses;
  };
  EXPECT_EQ(statuses({2, 10, 22}), (std::set<int>{0, 1}));
  EXPECT_EQ(statuses({2, 11, 0}), std::set<int>{0});
}

TEST(NatsVersion, IsReadAsReleased) {
  EXPECT_EQ(parse_nats_version("2.12.15"), (NatsVersion{2, 12, 15}));
  EXPECT_EQ(parse_nats_version("v2.9.10"), (NatsVersion{2, 9, 10}));
  EXPECT_EQ(parse_nats_version("2.11.0-RC.1"), (NatsVersion{2, 11, 0}));
  EXPECT_LT((NatsVersion{2, 9, 25}), (NatsVersion{2, 10, 0}));
  for (const auto* text :
       {"", "v", "2", "2.12", "2.12.", "2..1", "2.12.15x", "-1.0.0", "latest", "2.12.99999999999"})
    EXPECT_FALSE(parse_nats_version(text)) << text;
}

}  // namespace
}  // namespace faultline
