// Real Memphis brokers and a real PostgreSQL. Skipped where there is none, unless
// FAULTLINE_REQUIRE names memphis.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "harness/broker/control_reply.h"
#include "harness/broker/memphis/memphis.h"
#include "harness/broker/memphis/memphis_requests.h"
#include "harness/broker/memphis/testing.h"
#include "harness/broker/nats/nats_api.h"
#include "harness/cluster/local.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::vector<std::string> urls(const Cluster& cluster) {
  std::vector<std::string> all;
  for (const auto& server : cluster.servers()) all.push_back(server.client_url);
  return all;
}

TEST(MemphisClusterTest, StationIsMadeAsAskedSurvivesItsLeaderAndLeavesNothing) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const testing::TemporaryFolder folder;
  {
    testing::DeployedMemphis deployed(folder.path());
    LocalCluster& cluster = deployed.cluster;
    MemphisBroker& broker = deployed.broker;
    const StreamSettings settings = deployed.make_station("My.Station", 2);

    EXPECT_EQ(broker.replica_servers(), (std::vector<std::string>{"n1", "n2", "n3"}));
    const auto all_leaders = broker.all_leaders();
    ASSERT_EQ(all_leaders.size(), 2U);
    for (const auto& leaders : all_leaders) {
      EXPECT_FALSE(leaders.stream.empty()) << leaders.partition;
      EXPECT_EQ(leaders.consumers.size(), 2U) << leaders.partition;
      for (const auto& [group, leader] : leaders.consumers) EXPECT_FALSE(leader.empty()) << group;
      EXPECT_FALSE(broker.stream_absent(leaders.partition)) << leaders.partition;
    }
    const auto& leaders = all_leaders.front();

    NatsApi api(urls(cluster), cluster.client_access());
    const auto published = api.request("my#station$2.final", {{"any", "thing"}}, 5s);
    ASSERT_TRUE(published);
    EXPECT_EQ(published->value("stream", ""), "my#station$2") << *published;
    std::multiset<std::pair<std::uint32_t, std::string>> copies;
    for (const auto& state : broker.replica_states()) {
      EXPECT_TRUE(state.has_stream) << state.server << " " << state.partition;
      copies.emplace(state.partition, state.server);
    }
    EXPECT_EQ(copies, (std::multiset<std::pair<std::uint32_t, std::string>>{
                          {1, "n1"}, {1, "n2"}, {1, "n3"}, {2, "n1"}, {2, "n2"}, {2, "n3"}}));

    auto too_many = settings;
    too_many.replicas = 5;
    const auto five = make_station("five", too_many);
    const auto refused = api.request_text(five.subject, five.body, 20s);
    ASSERT_TRUE(refused);
    EXPECT_NE(error_in(*refused), "") << *refused;

    cluster.kill(leaders.stream);
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (broker.leaders().stream.empty() && std::chrono::steady_clock::now() < deadline) {
    }
    EXPECT_NE(broker.leaders().stream, leaders.stream);
    cluster.start(leaders.stream);
    deployed.wait_until_ready();

    const auto [subject, body] = remove_station("My.Station");
    EXPECT_EQ(error_in(api.request_text(subject, body, 20s).value_or("no answer")), "");
    for (const std::uint32_t partition : {1U, 2U}) EXPECT_TRUE(broker.stream_absent(partition));
  }
  EXPECT_FALSE(fs::exists(folder.path() / "metadata" / "data"));
  EXPECT_FALSE(fs::exists(folder.path() / "metadata" / "password"));
}

}  // namespace
}  // namespace faultline
