#include "workloads/log_workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "workloads/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

std::size_t count(const History& history, const auto& condition) {
  return static_cast<std::size_t>(std::ranges::count_if(history.operations, condition));
}

std::map<std::uint64_t, Value> acknowledged(const History& history) {
  std::map<std::uint64_t, Value> by_sequence;
  for (const auto& each : history.operations)
    if (each.kind == OperationKind::publish && each.outcome == Outcome::ok) {
      EXPECT_TRUE(by_sequence.emplace(each.sequence, each.value).second)
          << "sequence " << each.sequence << " acknowledged twice";
    }
  return by_sequence;
}

// What was read, by sequence.
std::map<std::uint64_t, Value> drained(const History& history) {
  std::map<std::uint64_t, Value> by_sequence;
  for (const auto& each : history.operations)
    if (each.kind == OperationKind::drain_read && each.answer == Answer::message) {
      EXPECT_TRUE(by_sequence.emplace(each.sequence, each.value).second)
          << "sequence " << each.sequence << " read twice";
    }
  return by_sequence;
}

std::uint32_t process_of(const History& history, const std::string& role) {
  for (const auto& event : history.events)
    if (const auto* started = std::get_if<ProcessStarted>(&event.what))
      if (started->role == role) return started->process;
  ADD_FAILURE() << "no process is a " << role;
  return 0;
}

std::set<Value> delivered(const History& history, const std::string& role) {
  const auto process = process_of(history, role);
  std::set<Value> values;
  for (const auto& each : history.operations)
    if (each.kind == OperationKind::deliver && each.answer == Answer::message &&
        each.process == process)
      values.insert(each.value);
  return values;
}

void expect_nothing_open(const History& history) {
  EXPECT_EQ(history.damage, "");
  EXPECT_TRUE(history.closed);
  EXPECT_EQ(count(history, [](const Operation& each) { return each.completed == never; }), 0u);
}

void expect_all_of_it_drained(const History& history, const DrainFinished& drain) {
  EXPECT_TRUE(drain.complete) << drain.reason;
  const auto writes = acknowledged(history);
  const auto reads = drained(history);
  EXPECT_GT(writes.size(), 0u);
  EXPECT_EQ(reads.size(), drain.last_sequence - drain.first_sequence + 1);
  EXPECT_TRUE(std::ranges::includes(reads, writes)) << "an acknowledged value was not drained";
  for (const auto* role : {"durable", "lagging"}) {
    const auto values = delivered(history, role);
    for (const auto& [sequence, value] : reads)
      EXPECT_TRUE(values.contains(value)) << "sequence " << sequence << " never reached " << role;
  }
}

class LogWorkloadTest : public testing::Test {
 protected:
  TestCluster cluster;
};

TEST_F(LogWorkloadTest, WhatIsSentAgainIsAcknowledgedAndStoredOnce) {
  LogSettings settings;
  settings.resend = true;
  settings.publish_timeout = 1ms;  // most acknowledgements come too late
  TestRun run(settings, cluster.address());
  run.workload().start();
  const auto duplicates = [](const Operation& each) { return each.duplicate; };
  EXPECT_TRUE(eventually([&] {
    const auto live = run.workload().live();
    return live.writes_ok > 300 && live.writes_unknown > 100;
  }));
  run.workload().stop_producing();
  const auto drain = run.drain();
  const auto history = run.finish();
  EXPECT_TRUE(drain.complete) << drain.reason;
  EXPECT_GT(count(history, duplicates), 0u);
  std::set<Value> stored;
  for (const auto& [sequence, value] : drained(history))
    EXPECT_TRUE(stored.insert(value).second) << "stored again as " << sequence;
  for (const auto& each : history.operations)
    if (each.kind == OperationKind::publish && each.outcome == Outcome::ok) {
      EXPECT_TRUE(stored.contains(each.value)) << each.value.counter;
    }
}

TEST(RefusersTest, EveryMessageComesAsOftenAsAllowedAndIsADeadLetter) {
  TestCluster cluster(2);
  LogSettings settings;
  settings.rate = 50;
  settings.refusers = 1;
  settings.max_deliveries = 2;
  TestRun run(settings, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 100; }));
  run.workload().stop_producing();
  const auto drain = run.drain();
  const auto history = run.finish();
  EXPECT_TRUE(drain.complete && drain.lagging_groups.empty()) << drain.reason;
  const auto refuser = process_of(history, "refusing");
  std::map<std::uint64_t, std::uint32_t> deliveries;
  for (const auto& each : history.operations) {
    if (each.process != refuser) continue;
    EXPECT_EQ(each.kind, OperationKind::deliver) << "nothing is acknowledged";
    if (each.answer == Answer::message) ++deliveries[each.sequence];
  }
  std::set<std::uint64_t> letters;
  EXPECT_TRUE(eventually([&] {
    const auto seen = cluster.broker().dead_letters(1);
    letters.insert(seen.sequences.begin(), seen.sequences.end());
    return seen.unknown.empty() && letters.size() >= drain.last_sequence;
  }));
  for (const auto& [sequence, value] : drained(history)) {
    EXPECT_EQ(deliveries[sequence], 2u) << sequence;
    EXPECT_TRUE(letters.contains(sequence)) << sequence;
  }
  EXPECT_EQ(letters.size(), drain.last_sequence);
}

TEST_F(LogWorkloadTest, RecordsAQuietRun) {
  LogSettings settings;
  settings.rate = 400;
  TestRun run(settings, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] {
    const auto live = run.workload().live();
    return live.writes_ok > 1000 && live.reads_ok > 50 && live.deliveries > 500;
  }));
  run.workload().stop_producing();
  const auto drain = run.drain();
  const auto live = run.workload().live();
  const auto history = run.finish();

  expect_nothing_open(history);
  expect_all_of_it_drained(history, drain);
  EXPECT_EQ(acknowledged(history).size(), live.writes_ok);
  EXPECT_GT(live.last_write, 0);
  EXPECT_GT(live.last_read, 0);
  EXPECT_GT(live.last_delivery, 0);
  for (const auto* role : {"reader", "rereader", "direct"}) {
    const auto process = process_of(history, role);
    EXPECT_GT(count(history,
                    [&](const Operation& each) {
                      return each.process == process && each.answer == Answer::message;
                    }),
              10u)
        << role;
  }
  EXPECT_EQ(count(history,
                  [](const Operation& each) {
                    return each.answer == Answer::corrupt || each.answer == Answer::foreign;
                  }),
            0u);
  EXPECT_EQ(count(history,
                  [](const Operation& each) {
                    return each.kind == OperationKind::publish && each.intended > each.invoked;
                  }),
            0u);
}

TEST_F(LogWorkloadTest, HasOneOutcomePerOperationWhenTheLeaderDies) {
  TestRun run({}, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 200; }));
  const auto leader = cluster.broker().leaders().stream;
  cluster.cluster().kill(leader);
  const auto struck = run.workload().live();
  ASSERT_TRUE(eventually([&] {
    const auto live = run.workload().live();
    return live.writes_ok > struck.writes_ok + 500 && live.reads_ok > struck.reads_ok + 100;
  }));
  run.workload().stop_producing();
  const auto drain = run.drain();
  const auto history = run.finish();

  expect_nothing_open(history);
  expect_all_of_it_drained(history, drain);
  EXPECT_GT(count(history,
                  [](const Operation& each) {
                    return each.kind == OperationKind::publish && each.outcome != Outcome::ok;
                  }),
            0u);
}

TEST_F(LogWorkloadTest, KeepsTryingWhileNobodyLeads) {
  TestRun run({}, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 200; }));
  const auto leader = cluster.broker().leaders().stream;
  for (const auto& server : cluster.cluster().servers())
    if (server.name != leader) cluster.cluster().kill(server.name);
  const auto struck = run.workload().live();
  ASSERT_TRUE(eventually([&] {
    const auto live = run.workload().live();
    return live.writes_failed + live.writes_unknown >
           struck.writes_failed + struck.writes_unknown + 200;
  }));
  run.workload().stop_producing();

  int asked = 0;
  const auto drain = run.workload().drain(1, [&]() -> std::optional<std::string> {
    if (++asked > 3) return "enough";
    return std::nullopt;
  });
  // A leader without its quorum still serves reads for some seconds; the groups stand.
  EXPECT_FALSE(drain.complete && drain.lagging_groups.empty());
  EXPECT_TRUE(drain.reason.starts_with("enough")) << drain.reason;
  expect_nothing_open(run.finish());
}

TEST_F(LogWorkloadTest, DrainsAfterEveryBrokerWasDown) {
  TestRun run({}, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 200; }));
  for (const auto& server : cluster.cluster().servers()) cluster.cluster().kill(server.name);
  const auto struck = run.workload().live();
  ASSERT_TRUE(
      eventually([&] { return run.workload().live().writes_failed > struck.writes_failed + 200; }));
  for (const auto& server : cluster.cluster().servers()) cluster.cluster().start(server.name);
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > struck.writes_ok + 200; }));
  run.workload().stop_producing();
  const auto drain = run.drain();
  const auto history = run.finish();

  expect_nothing_open(history);
  expect_all_of_it_drained(history, drain);
}

// Sixty-four at once, of a megabyte each, took longer than a read's timeout, again and again.
TEST_F(LogWorkloadTest, DrainsLargeMessagesAFewAtATime) {
  LogSettings settings;
  settings.in_flight = 2;
  settings.min_size = settings.max_size = 512 * 1024;
  TestRun run(settings, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 30; }));
  run.workload().stop_producing();
  const auto drain = run.drain();
  const auto history = run.finish();

  expect_all_of_it_drained(history, drain);
  std::multiset<Time> under_way;  // completions
  std::size_t most = 0;
  for (const auto& each : history.operations) {
    if (each.kind != OperationKind::drain_read) continue;
    under_way.erase(under_way.begin(), under_way.lower_bound(each.invoked));
    under_way.insert(each.completed);
    most = std::max(most, under_way.size());
  }
  EXPECT_LE(most, 8u);
}

// It read one message between two questions, and was not through when its time was over.
TEST_F(LogWorkloadTest, DrainsOnWhereTheQuestionWhetherToGiveUpIsSlow) {
  LogSettings settings;
  settings.in_flight = 8;
  TestRun run(settings, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 2000; }));
  run.workload().stop_producing();
  int asked = 0;
  const auto drain = run.workload().drain(1, [&]() -> std::optional<std::string> {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (++asked > 500) return "enough";
    return std::nullopt;
  });
  const auto history = run.finish();
  expect_all_of_it_drained(history, drain);
}

TEST_F(LogWorkloadTest, KeepsASetNumberInFlight) {
  LogSettings settings;
  settings.producers = 2;
  settings.in_flight = 8;
  TestRun run(settings, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 2000; }));
  run.workload().stop_producing();
  const auto drain = run.drain();
  const auto history = run.finish();

  expect_nothing_open(history);
  expect_all_of_it_drained(history, drain);
  std::map<std::uint32_t, std::multiset<Time>> under_way;  // completions, by producer
  std::size_t most = 0;
  for (const auto& each : history.operations) {
    if (each.kind != OperationKind::publish) continue;
    auto& mine = under_way[each.value.producer];
    mine.erase(mine.begin(), mine.lower_bound(each.invoked));
    mine.insert(each.completed);
    most = std::max(most, mine.size());
  }
  EXPECT_EQ(under_way.size(), 2u);
  EXPECT_GT(most, 1u);
  EXPECT_LE(most, 8u);
}

TEST_F(LogWorkloadTest, MayBeStoppedInAnyOrder) {
  {
    TestRun never_started({}, cluster.address());
    expect_nothing_open(never_started.finish());
  }
  TestRun run({}, cluster.address());
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 20; }));
  run.workload().stop();
  run.workload().stop();
  run.workload().stop_producing();
  expect_nothing_open(run.finish());
}

TEST_F(LogWorkloadTest, SaysThatTheStreamCannotBeReached) {
  auto address = cluster.address();
  address.stream = "another";
  TestRun run({}, address);
  EXPECT_THROW(run.workload().start(), std::runtime_error);
  expect_nothing_open(run.finish());
}

}  // namespace
}  // namespace faultline
