// The workload against real Memphis brokers. Skipped where there is none, unless
// FAULTLINE_REQUIRE names memphis.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>

#include "checkers/partitions.h"
#include "harness/broker/memphis/testing.h"
#include "harness/cluster/local.h"
#include "harness/cluster/requirement_testing.h"
#include "workloads/memphis_address.h"
#include "workloads/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

TEST(MemphisAddress, IsThatOfThePartition) {
  NatsAddress station;
  station.stream = "My.Station";
  const auto address = in_memphis(station, 2);
  EXPECT_EQ(address.stream, "my#station$2");
  EXPECT_EQ(address.subject, "my#station$2.final");
  EXPECT_EQ(address.id_header, "msg-id");
  EXPECT_EQ(address.headers.at("$memphis_producedBy"), "faultline");
}

TEST(MemphisWorkload, IsPublishedDeliveredAndDrained) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const TemporaryFolder folder;
  testing::DeployedMemphis deployed(folder.path());
  LocalCluster& cluster = deployed.cluster;
  MemphisBroker& broker = deployed.broker;
  const StreamSettings stream = deployed.make_station("faultline", 2);

  StreamAddress address{{},
                        stream.name,
                        "",
                        stream.durable_group,
                        stream.lagging_group,
                        cluster.client_access(),
                        broker.product(),
                        stream.partitions};
  for (const auto& server : cluster.servers()) address.urls.push_back(server.client_url);
  TestRun run({}, address);
  run.workload().start();
  EXPECT_TRUE(eventually([&] {
    const auto live = run.workload().live();
    return live.writes_ok > 500 && live.reads_ok > 50 && live.deliveries > 100;
  }));
  run.workload().stop_producing();
  const auto live = run.workload().live();
  std::uint64_t drained = 0;
  for (const std::uint32_t partition : {1U, 2U}) {
    const DrainFinished drain = run.drain(partition);
    EXPECT_TRUE(drain.complete) << drain.reason;
    EXPECT_TRUE(drain.lagging_groups.empty());
    EXPECT_EQ(drain.partition, partition);
    EXPECT_GT(drain.last_sequence, 100U);
    drained += drain.last_sequence;
  }
  EXPECT_GE(drained, live.writes_ok);

  std::uint64_t duplicates = 0;
  const History history = run.finish();
  for (const auto& operation : history.operations) duplicates += operation.duplicate;
  EXPECT_EQ(duplicates, 0U);  // each message has an id of its own
  const History first = of_partition(history, 1), second = of_partition(history, 2);
  EXPECT_EQ(first.operations.size() + second.operations.size(), history.operations.size());
  std::set<Value> published;
  for (const auto& operation : first.operations)
    if (operation.kind == OperationKind::publish) published.insert(operation.value);
  for (const auto& operation : second.operations)
    if (operation.kind == OperationKind::drain_read) {
      EXPECT_FALSE(published.contains(operation.value)) << operation.sequence;
    }
  std::map<std::uint32_t, std::set<std::uint64_t>> sizes;
  for (const auto& state : broker.replica_states()) sizes[state.partition].insert(state.messages);
  EXPECT_EQ(sizes.size(), 2U);
}

}  // namespace
}  // namespace faultline
