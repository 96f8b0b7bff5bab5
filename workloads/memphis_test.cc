// The workload against real Memphis brokers. Skipped where there is none, unless
// FAULTLINE_REQUIRE names memphis.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "harness/broker/memphis/testing.h"
#include "harness/cluster/local.h"
#include "harness/cluster/requirement_testing.h"
#include "workloads/memphis_address.h"
#include "workloads/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

TEST(MemphisAddress, IsThatOfTheFirstPartition) {
  NatsAddress station;
  station.stream = "My.Station";
  const auto address = in_memphis(station);
  EXPECT_EQ(address.stream, "my#station$1");
  EXPECT_EQ(address.subject, "my#station$1.final");
  EXPECT_EQ(address.id_header, "msg-id");
  EXPECT_EQ(address.headers.at("$memphis_producedBy"), "faultline");
}

TEST(MemphisWorkload, IsPublishedDeliveredAndDrained) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const TemporaryFolder folder;
  testing::DeployedMemphis deployed(folder.path());
  LocalCluster& cluster = deployed.cluster;
  MemphisBroker& broker = deployed.broker;
  const StreamSettings stream = deployed.make_station("faultline");

  StreamAddress address{{},
                        stream.name,
                        "",
                        stream.durable_group,
                        stream.lagging_group,
                        cluster.client_access(),
                        broker.product()};
  for (const auto& server : cluster.servers()) address.urls.push_back(server.client_url);
  TestRun run({}, address);
  run.workload().start();
  EXPECT_TRUE(eventually([&] {
    const auto live = run.workload().live();
    return live.writes_ok > 500 && live.reads_ok > 50 && live.deliveries > 100;
  }));
  run.workload().stop_producing();
  const auto live = run.workload().live();
  const DrainFinished drained = run.drain();
  EXPECT_TRUE(drained.complete) << drained.reason;
  EXPECT_TRUE(drained.lagging_groups.empty());

  std::uint64_t duplicates = 0;
  const History history = run.finish();
  for (const auto& operation : history.operations) duplicates += operation.duplicate;
  EXPECT_EQ(duplicates, 0U);  // each message has an id of its own
  for (const auto& state : broker.replica_states())
    EXPECT_GE(state.messages, live.writes_ok) << state.server;
}

}  // namespace
}  // namespace faultline
