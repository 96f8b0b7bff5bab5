#include "harness/print_history.h"

#include <gtest/gtest.h>

#include <sstream>

namespace faultline {
namespace {

std::string printed(const History& history) {
  std::ostringstream out;
  print_history(history, out);
  return out.str();
}

TEST(PrintHistory, OperationsAndEventsInOrderOfTime) {
  History h;
  h.header.run_id = "r1";
  h.header.scenario_name = "kill-leader";
  h.header.broker_product = "nats";
  h.header.broker_version = "2.12.15";
  h.header.provider = "local";
  h.header.replicas = 3;
  h.header.seed = 5;
  h.header.monotonic = 1000 * second;
  const Time t = h.header.monotonic;

  Operation publish;
  publish.process = 1;
  publish.value = {1, 17};
  publish.size = 100;
  publish.outcome = Outcome::ok;
  publish.sequence = 1204;
  publish.invoked = t + 12'345 * millisecond;
  publish.completed = publish.invoked + 1'200'000;
  Operation lost = publish;
  lost.outcome = Outcome::unknown;
  lost.sequence = 0;
  lost.invoked += 2 * second;
  lost.completed = never;
  Operation deliver;
  deliver.kind = OperationKind::deliver;
  deliver.process = 12;
  deliver.outcome = Outcome::ok;
  deliver.answer = Answer::message;
  deliver.deliveries = 2;
  deliver.sequence = 1204;
  deliver.value = {1, 17};
  deliver.invoked = lost.invoked + 1;
  deliver.completed = deliver.invoked + 5 * millisecond;
  h.operations = {publish, lost, deliver};
  h.events = {
      {t + second, PhaseStarted{"steady"}},
      {t + 13 * second,
       FaultChanged{0, FaultStage::proven, "broker-kill", "leader", {"n2"}, "no process 77"}},
      {t + 13 * second, QuorumChanged{1, 3}},
      {t + 20 * second, BrokerChanged{"n1", BrokerStage::exited, false, "signal 11\nlast line"}},
  };
  h.damage = "torn at byte 7";
  EXPECT_EQ(printed(h),
            "run r1: kill-leader on nats 2.12.15, provider local, 3 replicas, seed 5\n"
            "    +1.000 s  ---  phase steady\n"
            "   +12.345 s    1  publish 1/17 (100 bytes): ok 1204, after 1.20 ms\n"
            "   +13.000 s  ---  fault 0 broker-kill proven: leader = n2: no process 77\n"
            "   +13.000 s  ---  1 of 3 replicas stand: no quorum\n"
            "   +14.345 s    1  publish 1/17 (100 bytes): unknown, never answered\n"
            "   +14.345 s   12  deliver 1204: ok, message 1/17, delivery 2, after 5.00 ms\n"
            "   +20.000 s  ---  broker n1 exited by itself: signal 11 last line\n"
            "DAMAGED: torn at byte 7\n"
            "3 operations, 4 events\n");
}

TEST(PrintHistory, EveryEventIsToldInOneLine) {
  History h;
  h.events = {
      {0, ProcessStarted{3, "durable", "workers"}},
      {0, LeadersSeen{"n1", "", {{"workers", "n3"}}}},
      {0, LeadersSeen{"n1", "n2", {}, 2}},
      {0, ReplicaState{"n1", true, true, 10, 1, 12, 2, 0}},
      {0, ReplicaState{"n2", false}},
      {0, ReplicaState{"n2", false, false, 0, 0, 0, 0, 0, 2}},
      {0, ReplicaState{"n3", true, false}},
      {0, DrainFinished{false, false, 1, 12, "n2 stays behind"}},
      {0, DeadLettersSeen{"refuses", 3, true, {1, 2}, ""}},
      {0, DeadLettersSeen{"refuses", 3, false, {}, "no answer", 2}},
      {0, Interrupted{"Ctrl-C"}},
      {0, Note{"a\x1b[31mb"}},
  };
  EXPECT_EQ(
      printed(h).substr(printed(h).find('\n') + 1),
      "    +0.000 s  ---  process 3 is a durable of group workers\n"
      "    +0.000 s  ---  leaders: stream n1, metadata group nobody, workers n3\n"
      "    +0.000 s  ---  leaders of partition 2: stream n1, metadata group n2\n"
      "    +0.000 s  ---  replica on n1: 10 messages, 1 to 12, 2 deleted, 0 lost\n"
      "    +0.000 s  ---  replica on n2: not reachable\n"
      "    +0.000 s  ---  replica of partition 2 on n2: not reachable\n"
      "    +0.000 s  ---  replica on n3: has no such stream\n"
      "    +0.000 s  ---  drain not complete, 1 to 12: n2 stays behind\n"
      "    +0.000 s  ---  2 dead letters of group refuses, delivered 3 times at most\n"
      "    +0.000 s  ---  0 dead letters of group refuses of partition 2, delivered 3 times at "
      "most, not complete: no answer\n"
      "    +0.000 s  ---  interrupted: Ctrl-C\n"
      "    +0.000 s  ---  note: a [31mb\n"
      "0 operations, 12 events\n");
}

}  // namespace
}  // namespace faultline
