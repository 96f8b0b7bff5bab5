#include "harness/scenario_rules.h"

#include <gtest/gtest.h>

#include <functional>

namespace faultline {
namespace {

using namespace std::chrono_literals;

Scenario scenario(const std::string& target, Promise writes, Promise reads) {
  Scenario s;
  s.name = "s";
  s.faults = {{"broker-kill", target, 0ms, {}}};
  s.fault = 40s;
  s.expectations.writes = writes;
  s.expectations.reads = reads;
  return s;
}

Scenario quorum_scenario(const std::string& target) {
  auto s = scenario(target, Promise::stop, Promise::stop);
  s.heal_order = HealOrder::one_by_one;
  s.heal_interval = 5s;
  s.recovery = 40s;
  s.expectations.resume = Resume::quorum;
  return s;
}

// The key that each broken rule wants changed.
std::vector<std::string> refused(const Scenario& s) {
  std::vector<std::string> keys;
  for (const auto& rule : broken_rules(s)) keys.push_back(rule.paths.front());
  return keys;
}

using Keys = std::vector<std::string>;

Scenario two_faults(const std::string& one, const std::string& other) {
  auto s = scenario("leader", Promise::not_promised, Promise::not_promised);
  s.faults = {{one, "server:1", 0ms, {}}, {other, "server:1", 5s, {}}};
  return s;
}

TEST(ScenarioRules, AcceptWhatTheCatalogueNeeds) {
  for (const auto* target : {"leader", "follower:1", "follower:2"})
    for (const auto promise : {Promise::keeps_on, Promise::pause, Promise::not_promised})
      EXPECT_EQ(refused(scenario(target, promise, promise)), Keys{}) << target;
  for (const auto* target : {"followers", "leader+follower", "all"})
    EXPECT_EQ(refused(quorum_scenario(target)), Keys{}) << target;
}

TEST(ScenarioRules, APromiseFitsTheQuorumThatIsLeft) {
  for (const auto* target : {"leader", "follower:1", "follower:2"}) {
    EXPECT_EQ(refused(scenario(target, Promise::stop, Promise::not_promised)),
              Keys{"spec.expect.writes"});
    EXPECT_EQ(refused(scenario(target, Promise::not_promised, Promise::stop)),
              Keys{"spec.expect.reads"});
  }
  for (const auto* target : {"followers", "leader+follower", "all"})
    for (const auto promise : {Promise::keeps_on, Promise::pause})
      EXPECT_EQ(refused(scenario(target, promise, promise)),
                (Keys{"spec.expect.writes", "spec.expect.reads"}));
}

TEST(ScenarioRules, FaultsOnDifferentBrokersAddUp) {
  auto s = scenario("leader", Promise::stop, Promise::not_promised);
  s.faults.push_back({"broker-stop", "follower:2", 1s});
  EXPECT_EQ(refused(s), Keys{});
  s.faults.back().target = "leader";
  EXPECT_EQ(refused(s), Keys{"spec.expect.writes"});
}

TEST(ScenarioRules, LossIsNotJudgedWhereTheFaultsThemselvesDestroyAQuorumOfCopies) {
  auto s = scenario("all", Promise::stop, Promise::stop);
  EXPECT_EQ(refused(s), Keys{});
  s.faults[0].fault = "volume-wipe";
  EXPECT_EQ(refused(s), Keys{"spec.expect.loss"});
  s.expectations.loss = LossPromise::not_promised;
  EXPECT_EQ(refused(s), Keys{});
  s = scenario("leader", Promise::pause, Promise::pause);
  s.faults[0].fault = "volume-wipe";
  EXPECT_EQ(refused(s), Keys{});
}

TEST(ScenarioRules, WhatIsSentAgainIsNotJudgedByLinearizability) {
  auto s = scenario("leader", Promise::pause, Promise::pause);
  s.workload.resend = true;
  EXPECT_EQ(refused(s), Keys{});
  s.expectations.linearizability = LinearizabilityPromise::required;
  EXPECT_EQ(refused(s), Keys{"spec.workload.resend"});
}

TEST(ScenarioRules, FiveReplicasStandTwoLosses) {
  auto s = scenario("leader+follower", Promise::pause, Promise::pause);
  s.brokers = s.replicas = 5;
  EXPECT_EQ(refused(s), Keys{});
  s.faults[0].target = "followers";
  EXPECT_EQ(refused(s), (Keys{"spec.expect.writes", "spec.expect.reads"}));
}

// At the least length a scenario is accepted, a millisecond below it is not.
void expect_least(Scenario s, std::chrono::milliseconds& (*length)(Scenario&),
                  std::chrono::milliseconds least, const std::string& key) {
  length(s) = least;
  EXPECT_EQ(refused(s), Keys{});
  length(s) = least - 1ms;
  const auto keys = refused(s);
  ASSERT_FALSE(keys.empty());
  for (const auto& refused_key : keys) EXPECT_EQ(refused_key, key);
}

auto hold = [](Scenario& s) -> auto& { return s.fault; };
auto recovery = [](Scenario& s) -> auto& { return s.recovery; };
auto interval = [](Scenario& s) -> auto& { return s.heal_interval; };
auto drain = [](Scenario& s) -> auto& { return s.drain; };

TEST(ScenarioRules, EachPhaseIsLongEnoughToJudge) {
  expect_least(scenario("leader", Promise::keeps_on, Promise::keeps_on), hold, 10s,
               "spec.timeline.hold");
  expect_least(scenario("leader", Promise::pause, Promise::not_promised), hold, 20s,
               "spec.timeline.hold");
  expect_least(scenario("all", Promise::stop, Promise::not_promised), hold, 5s,
               "spec.timeline.hold");
  expect_least(scenario("all", Promise::not_promised, Promise::stop), hold, 30s,
               "spec.timeline.hold");
  expect_least(quorum_scenario("all"), interval, 5s, "spec.timeline.heal.interval");
  expect_least(quorum_scenario("all"), recovery, 35s, "spec.timeline.recovery");
  expect_least(scenario("leader", Promise::keeps_on, Promise::keeps_on), drain, 65s,
               "spec.timeline.drain");
}

TEST(ScenarioRules, TenReadsTakeLongerWhereReadsAreSlow) {
  auto s = scenario("all", Promise::not_promised, Promise::stop);
  s.workload.read_timeout = 3s;
  expect_least(s, hold, 55s, "spec.timeline.hold");
  s.workload.read_timeout = 500ms;
  s.workload.read_rate = 1;
  expect_least(s, hold, 35s, "spec.timeline.hold");
}

TEST(ScenarioRules, TheHoldCountsFromTheLastStrike) {
  auto s = scenario("leader", Promise::keeps_on, Promise::keeps_on);
  s.faults.push_back({"broker-crash", "leader", 4s});
  expect_least(s, hold, 14s, "spec.timeline.hold");
}

TEST(ScenarioRules, OneStepToTheQuorumNeedsNoInterval) {
  auto s = quorum_scenario("followers");
  s.heal_interval = 0ms;
  EXPECT_EQ(refused(s), Keys{});
}

TEST(ScenarioRules, RefuseWhatCannotBe) {
  using Change = std::function<void(Scenario&)>;
  const std::pair<Change, std::string> cases[] = {
      {[](auto& s) { s.brokers = 3, s.replicas = 5; }, "spec.stream.replicas"},
      {[](auto& s) { s.set = "page"; }, "metadata.set"},
      {[](auto& s) { s.workload.min_size = 300; }, "spec.workload.size.min"},
      {[](auto& s) { s.workload.rereaders = 0; }, "spec.workload.consumers.rereaders"},
      {[](auto& s) { s.workload.rate = 0.9; }, "spec.workload.rate"},
      {[](auto& s) { s.workload.read_rate = 0.9; }, "spec.workload.consumers.read_rate"},
      {[](auto& s) {
         s.replicas = 1;
         s.faults[0].target = "follower:1";
       },
       "spec.timeline.faults[0].target"},
      {[](auto& s) { s.heal_interval = 1s; }, "spec.timeline.heal.interval"},
      {[](auto& s) {
         s.expectations.resume = Resume::quorum;
         s.recovery = 60s;
       },
       "spec.expect.resume"},
      {[](auto& s) {
         s.expectations.resume = Resume::healed;
         s.recovery = 34s;
       },
       "spec.timeline.recovery"},
  };
  int number = 0;
  for (const auto& [change, key] : cases) {
    auto s = scenario("follower:1", Promise::keeps_on, Promise::keeps_on);
    ASSERT_EQ(refused(s), Keys{});
    change(s);
    EXPECT_EQ(refused(s), Keys{key}) << "case " << number;
    ++number;
  }
  auto s = quorum_scenario("all");
  s.heal_order = HealOrder::together;
  s.heal_interval = 0ms;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.heal.order"});
  s = scenario("leader", Promise::not_promised, Promise::not_promised);
  s.faults[0].at = s.fault;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].at"});
  s = scenario("leader", Promise::pause, Promise::not_promised);
  s.expectations.pause_gap = 4 * second;
  EXPECT_EQ(refused(s), Keys{"spec.expect.pause_gap"});
}

TEST(ScenarioRules, WhatIsNotPromisedNeedsNoLength) {
  auto s = scenario("all", Promise::not_promised, Promise::not_promised);
  s.fault = 1s;
  s.recovery = 0s;
  s.drain = 1s;
  s.workload.rate = 0.1;
  s.workload.rereaders = 0;
  s.expectations.loss = LossPromise::not_promised;
  EXPECT_EQ(refused(s), Keys{});
}

TEST(ScenarioRules, WhatLeavesTheBrokerUpLeavesAQuorum) {
  for (const auto* fault :
       {"kubelet-stop", "broker-crash", "packet-loss", "rate-limit", "packet-delay"}) {
    auto s = scenario("all", Promise::pause, Promise::pause);
    s.faults[0].fault = fault;
    EXPECT_EQ(refused(s), Keys{}) << fault;
    s.expectations.writes = Promise::stop;
    EXPECT_EQ(refused(s), Keys{"spec.expect.writes"}) << fault;
  }
}

TEST(ScenarioRules, OnlyADrainIsHeldOffAndThenTakesNobodyDown) {
  auto s = scenario("follower:1", Promise::keeps_on, Promise::keeps_on);
  s.faults[0].fault = "worker-drain";
  s.faults.push_back({"worker-drain", "follower:2", 0ms, {.held_off = true}});
  EXPECT_EQ(refused(s), Keys{});
  s.faults[1].options.held_off = false;
  EXPECT_EQ(refused(s), (Keys{"spec.expect.writes", "spec.expect.reads"}));
  s.faults[1] = {"broker-kill", "leader", 0ms, {.held_off = true}};
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[1].held_off"});
}

TEST(ScenarioRules, OnlyFaultsThatDamageFilesChooseThem) {
  auto s = scenario("follower:1", Promise::keeps_on, Promise::keeps_on);
  for (const auto* fault : {"bit-flip", "truncate"}) {
    s.faults[0] = {fault, "follower:1", 0ms, {.files = DataFile::snapshot}};
    EXPECT_EQ(refused(s), Keys{}) << fault;
  }
  s.faults[0] = {"truncate", "follower:1", 0ms, {.flips = 3}};
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].flips"});
  s.faults[0] = {"disk-full", "follower:1", 0ms, {.files = DataFile::index, .flips = 1}};
  EXPECT_EQ(refused(s), (Keys{"spec.timeline.faults[0].files", "spec.timeline.faults[0].flips"}));
}

TEST(ScenarioRules, XfsNeedsRoom) {
  auto s = scenario("leader", Promise::pause, Promise::pause);
  s.volume_size = 64;
  EXPECT_EQ(refused(s), Keys{});
  s.file_system = "xfs";
  EXPECT_EQ(refused(s), Keys{"spec.broker.volume_size"});
  s.volume_size = 299;
  EXPECT_EQ(refused(s), Keys{"spec.broker.volume_size"});
  s.volume_size = 300;
  EXPECT_EQ(refused(s), Keys{});
}

TEST(ScenarioRules, WhereVolumesAreSharedOnlyADrainTakesABrokerDown) {
  auto s = scenario("leader", Promise::pause, Promise::pause);
  s.shared_volumes = true;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].fault"});
  s.faults[0].fault = "worker-drain";
  EXPECT_EQ(refused(s), Keys{});
}

FaultStep repeated(const std::string& target, std::chrono::milliseconds lasts,
                   std::uint32_t times = 1, std::chrono::milliseconds every = 0s) {
  FaultStep step{"broker-kill", target, 0s};
  step.lasts = lasts;
  step.times = times;
  step.every = every;
  return step;
}

Scenario with(std::vector<FaultStep> faults, Promise promise = Promise::not_promised) {
  auto s = scenario("leader", promise, promise);
  s.faults = std::move(faults);
  return s;
}

TEST(ScenarioRules, ARepetitionEndsBeforeTheNext) {
  EXPECT_EQ(refused(with({repeated("leader", 4s, 3, 5s)})), Keys{});
  EXPECT_EQ(refused(with({repeated("leader", 5s, 3, 5s)})), Keys{"spec.timeline.faults[0].for"});
  EXPECT_EQ(refused(with({repeated("leader", 0s, 3, 5s)})), Keys{"spec.timeline.faults[0].times"});
  EXPECT_EQ(refused(with({repeated("leader", 4s, 3)})), Keys{"spec.timeline.faults[0].times"});
  EXPECT_EQ(refused(with({repeated("leader", 4s, 1, 5s)})), Keys{"spec.timeline.faults[0].every"});
  auto crash = repeated("leader", 0s, 3, 5s);
  crash.fault = "broker-crash";
  EXPECT_EQ(refused(with({crash})), Keys{});
  crash.lasts = 1s;
  EXPECT_EQ(refused(with({crash})), Keys{"spec.timeline.faults[0].for"});
}

TEST(ScenarioRules, EveryRepetitionStrikesAndEndsBeforeTheHeal) {
  auto s = with({repeated("leader", 4s, 3, 5s)});
  s.fault = 14s;
  EXPECT_EQ(refused(s), Keys{});
  s.fault = 13s;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].for"});
  s.fault = 10s;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].times"});
}

TEST(ScenarioRules, AQuorumIsNeededAtEveryMomentAndNotOfAllFaultsTogether) {
  auto first = repeated("server:1", 10s), second = repeated("server:2", 0s);
  second.at = 10s;
  EXPECT_EQ(refused(with({first, second}, Promise::keeps_on)), Keys{});
  second.at = 9s;
  EXPECT_EQ(refused(with({first, second}, Promise::keeps_on)),
            (Keys{"spec.expect.writes", "spec.expect.reads"}));
}

TEST(ScenarioRules, ARoleMayMeanAnotherServerOnceSomebodyElseLeads) {
  auto first = repeated("leader", 0s), second = repeated("leader", 0s);
  second.at = 5s;
  EXPECT_EQ(refused(with({first, second}, Promise::pause)),
            (Keys{"spec.expect.writes", "spec.expect.reads"}));
  first.target = second.target = "follower:1";  // the leader stays
  EXPECT_EQ(refused(with({first, second}, Promise::pause)), Keys{});
  first.target = "server:1";  // who may lead
  EXPECT_EQ(refused(with({first, second}, Promise::pause)),
            (Keys{"spec.expect.writes", "spec.expect.reads"}));
}

TEST(ScenarioRules, AStopNeedsFaultsThatLastUntilTheHeal) {
  EXPECT_EQ(refused(with({repeated("all", 0s)}, Promise::stop)), Keys{});
  EXPECT_EQ(refused(with({repeated("all", 35s)}, Promise::stop)),
            (Keys{"spec.expect.writes", "spec.expect.reads"}));
  auto s = quorum_scenario("all");
  s.expectations.writes = s.expectations.reads = Promise::not_promised;
  EXPECT_EQ(refused(s), Keys{});
  s.faults[0].lasts = 30s;
  EXPECT_EQ(refused(s), Keys{"spec.expect.resume"});
}

TEST(ScenarioRules, NumbersAndRolesMayMeanTheSameServer) {
  EXPECT_EQ(refused(with({repeated("server:1", 0s), repeated("server:2", 0s)}, Promise::stop)),
            Keys{});
  EXPECT_EQ(refused(with({repeated("leader", 0s), repeated("server:2", 0s)}, Promise::stop)),
            (Keys{"spec.expect.writes", "spec.expect.reads"}));
  EXPECT_EQ(refused(with({repeated("leader", 0s), repeated("server:2", 0s)}, Promise::pause)),
            (Keys{"spec.expect.writes", "spec.expect.reads"}));
}

TEST(ScenarioRules, WhereAllEndBeforeTheHoldCountsUntilTheLastEnd) {
  EXPECT_EQ(refused(with({repeated("leader", 10s)}, Promise::keeps_on)), Keys{});
  EXPECT_EQ(refused(with({repeated("leader", 9s)}, Promise::keeps_on)),
            (Keys{"spec.timeline.hold", "spec.timeline.hold"}));
  auto crash = repeated("leader", 0s);  // nothing ends it before the heal
  crash.fault = "broker-crash";
  EXPECT_EQ(refused(with({repeated("leader", 9s), crash}, Promise::keeps_on)), Keys{});
}

TEST(ScenarioRules, PausesAreApart) {
  auto s = with({repeated("leader", 19s, 2, 20s)}, Promise::pause);
  s.fault = 60s;
  s.faults.push_back({"broker-crash", "leader", 0s});  // the heal is the end of the hold
  EXPECT_EQ(refused(s), Keys{});
  s.faults[0].lasts = s.faults[0].every = 19s;
  s.faults[0].lasts = 18s;
  EXPECT_EQ(refused(s), (Keys{"spec.timeline.faults[0].every", "spec.timeline.faults[0].every"}));
  s.faults[0] = repeated("server:1", 19s);
  s.faults[1] = repeated("server:2", 0s);
  s.faults[1].at = 19s;
  EXPECT_EQ(refused(s), (Keys{"spec.timeline.faults[1].at", "spec.timeline.faults[1].at"}));
  s.faults[1].at = 20s;
  EXPECT_EQ(refused(s), Keys{});
}

TEST(ScenarioRules, LeaderChurnHitsTheLeaderOfAStreamThatHasFollowers) {
  auto s = scenario("leader", Promise::pause, Promise::pause);
  s.faults[0].fault = "leader-churn";
  s.faults[0].options.interval = 500ms;
  EXPECT_EQ(refused(s), Keys{});
  s.faults[0].target = "follower:1";
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].target"});
  s.faults[0].target = "leader";
  s.replicas = 1;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].fault"});
  auto kill = scenario("leader", Promise::pause, Promise::pause);
  kill.faults[0].options.interval = 500ms;
  EXPECT_EQ(refused(kill), Keys{"spec.timeline.faults[0].interval"});
}

TEST(ScenarioRules, FaultsOfTheDatabaseAreOfMemphisAndOneAtATime) {
  for (const auto* fault : {"metadata-down", "metadata-frozen", "metadata-slow"}) {
    auto s = scenario("all", Promise::keeps_on, Promise::keeps_on);
    s.faults[0].fault = fault;
    EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].fault"}) << fault;
    s.broker_product = "memphis";
    EXPECT_EQ(refused(s), Keys{}) << fault;
    s.faults[0].options.delay = 20ms;  // below packet-delay's jitter
    EXPECT_EQ(refused(s),
              fault == std::string("metadata-slow")
                  ? Keys{}
                  : (Keys{"spec.timeline.faults[0].delay", "spec.timeline.faults[0].jitter"}))
        << fault;
    s.faults[0] = {fault, "leader", 0ms, {}};
    EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].target"}) << fault;
    s.faults = {{fault, "all", 0ms, {}}, {"metadata-down", "all", 5s, {}}};
    EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[1].fault"}) << fault;
    s.faults[0].lasts = 4s;
    EXPECT_EQ(refused(s), Keys{}) << fault;
  }
}

TEST(ScenarioRules, DeadLettersNeedSomebodyWhoRefusesAndTime) {
  auto s = scenario("leader", Promise::pause, Promise::pause);
  s.expectations.dead_letters = DeadLetterPromise::all;
  EXPECT_EQ(refused(s), Keys{"spec.expect.dead_letters"});
  s.workload.refusers = 1;
  s.workload.max_deliveries = 3;
  EXPECT_EQ(refused(s), Keys{});
  s.workload.ack_wait = 40s;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.drain"});
  s.drain = 140s;
  EXPECT_EQ(refused(s), Keys{});
  s.expectations.dead_letters = DeadLetterPromise::not_promised;
  s.drain = 139s;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.drain"});
}

TEST(ScenarioRules, SeveralPartitionsAreOfMemphisAndOnEveryBroker) {
  auto s = scenario("leader", Promise::pause, Promise::pause);
  s.partitions = 3;
  EXPECT_EQ(refused(s), Keys{"spec.stream.partitions"});
  s.broker_product = "memphis";
  EXPECT_EQ(refused(s), Keys{});
  s.brokers = 5;
  EXPECT_EQ(refused(s), Keys{"spec.stream.partitions"});
  s.replicas = 5;
  EXPECT_EQ(refused(s), Keys{});
  s.workload.rate = 2;  // enough for one, and for three it is not
  EXPECT_EQ(refused(s), Keys{"spec.workload.rate"});
  s.partitions = 1;
  EXPECT_EQ(refused(s), Keys{});
}

TEST(ScenarioRules, AControlRequestHasASubjectAndNobodyElseHas) {
  auto s = scenario("all", Promise::keeps_on, Promise::keeps_on);
  s.faults[0].fault = "control-request";
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].fault"});
  s.faults[0].options.subject = "$JS.API.INFO";
  EXPECT_EQ(refused(s), Keys{});
  s.faults[0].target = "leader";
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].target"});
  s.faults[0].fault = "broker-kill";
  s.faults[0].options.body = "{}";
  s.faults[0].options.succeeds = true;
  EXPECT_EQ(refused(s), (Keys{"spec.timeline.faults[0].subject", "spec.timeline.faults[0].body",
                              "spec.timeline.faults[0].succeeds"}));
}

TEST(ScenarioRules, AKnownIssueIsOfVersions) {
  auto s = scenario("leader", Promise::not_promised, Promise::not_promised);
  s.known_issue = {"#1", "https://example.org/1", "2.10.7 - 2.10.22", {"lost"}};
  EXPECT_EQ(refused(s), Keys{});
  s.known_issue.versions = "2.10.22 - 2.10.7";
  EXPECT_EQ(refused(s), Keys{"metadata.known_issue.versions"});
}

TEST(ScenarioRules, AManualRestartNeedsAFaultThatLasts) {
  auto s = scenario("leader", Promise::not_promised, Promise::not_promised);
  s.expectations.manual_restart = ManualRestart::required;
  EXPECT_EQ(refused(s), Keys{});
  for (const auto* fault : {"broker-crash", "kubelet-stop", "partition", "disk-full"}) {
    s.faults[0].fault = fault;
    EXPECT_EQ(refused(s), Keys{"spec.expect.manual_restart"}) << fault;
  }
}

// A limit that is no longer reached is no broker that came back.
TEST(ScenarioRules, AManualRestartIsJudgedOfAllFaults) {
  auto s = two_faults("volume-detach", "rate-limit");
  s.expectations.manual_restart = ManualRestart::required;
  EXPECT_EQ(refused(s), Keys{"spec.expect.manual_restart"});
}

// The shapes that are about every broker, in a stream that all of them hold.
Scenario partition(PartitionShape shape, const std::string& target, std::uint32_t brokers,
                   Promise promise) {
  auto s = scenario(target, promise, promise);
  s.faults[0].fault = "partition";
  s.faults[0].options.shape = shape;
  s.brokers = s.replicas = brokers;
  return s;
}

TEST(ScenarioRules, APartitionTakesDownWhoHasNoMajority) {
  using enum PartitionShape;
  const auto accepted = [](const Scenario& s) { return refused(s).empty(); };
  for (const auto shape : {isolated, one_way, halves, bridge})
    EXPECT_TRUE(accepted(partition(shape, "leader", 3, Promise::pause)));
  for (const auto shape : {isolated, one_way})
    EXPECT_TRUE(accepted(partition(shape, "followers", 3, Promise::pause)))
        << "together they have one";
  EXPECT_TRUE(accepted(partition(isolated, "leader+follower", 5, Promise::pause)));
  EXPECT_EQ(refused(partition(halves, "leader", 4, Promise::stop)),
            (Keys{"spec.expect.writes", "spec.expect.reads"}))
      << "all four still answer the harness, which would find a quorum";
  EXPECT_TRUE(accepted(partition(halves, "leader", 5, Promise::pause)));
  EXPECT_TRUE(accepted(partition(bridge, "leader", 5, Promise::pause)));
  EXPECT_TRUE(accepted(partition(ring, "all", 5, Promise::pause)));
  EXPECT_TRUE(accepted(partition(ring, "all", 4, Promise::pause)));
}

TEST(ScenarioRules, APartitionHasTwoSides) {
  using enum PartitionShape;
  const Keys target{"spec.timeline.faults[0].target"}, shape{"spec.timeline.faults[0].shape"};
  for (const auto of : {isolated, halves, bridge, one_way})
    EXPECT_EQ(refused(partition(of, "all", 3, Promise::not_promised)), target);
  EXPECT_EQ(refused(partition(bridge, "leader+follower", 3, Promise::not_promised)), target);
  EXPECT_EQ(refused(partition(ring, "leader", 5, Promise::not_promised)), target);
  EXPECT_EQ(refused(partition(ring, "all", 3, Promise::not_promised)), shape);
}

TEST(ScenarioRules, AShapeOfEveryBrokerNeedsAStreamOnEach) {
  using enum PartitionShape;
  for (const auto of : {halves, bridge}) {
    auto s = partition(of, "leader", 5, Promise::not_promised);
    s.replicas = 3;
    EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].shape"});
  }
  auto s = partition(isolated, "all", 5, Promise::not_promised);
  s.replicas = 3;
  EXPECT_EQ(refused(s), Keys{}) << "two brokers are on the other side";
}

TEST(ScenarioRules, AnOptionBelongsToItsFault) {
  struct Option {
    std::string key, owner;
    FaultOptions value;
  };
  const std::vector<Option> options{{"shape", "partition", {.shape = PartitionShape::bridge}},
                                    {"percent", "packet-loss", {.percent = 5}},
                                    {"rate", "rate-limit", {.rate = "2mbit"}},
                                    {"delay", "packet-delay", {.delay = 200ms}},
                                    {"jitter", "packet-delay", {.jitter = 10ms}}};
  for (const auto& [key, owner, value] : options)
    for (const auto* fault :
         {"broker-kill", "partition", "packet-loss", "rate-limit", "packet-delay"}) {
      auto s = scenario("leader", Promise::pause, Promise::pause);
      s.faults[0] = {fault, "leader", 0ms, value};
      EXPECT_EQ(refused(s), fault == owner ? Keys{} : Keys{"spec.timeline.faults[0]." + key})
          << fault;
    }
}

TEST(ScenarioRules, JitterLeavesADelay) {
  auto s = scenario("leader", Promise::pause, Promise::pause);
  s.faults[0] = {"packet-delay", "leader", 0ms, {.delay = 50ms, .jitter = 50ms}};
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[0].jitter"});
  s.faults[0].options.jitter = 49ms;
  EXPECT_EQ(refused(s), Keys{});
}

// It sees all of them stand, and could never say that there was no quorum.
TEST(ScenarioRules, NobodyStopsWhoStillAnswersTheHarness) {
  for (const auto* fault : {"clients-cut", "disk-frozen", "disk-full"})
    for (const auto promise : {Promise::stop, Promise::pause}) {
      auto s = scenario("all", promise, Promise::not_promised);
      s.faults[0].fault = fault;
      ASSERT_EQ(refused(s), Keys{"spec.expect.writes"}) << fault;
      EXPECT_NE(broken_rules(s)[0].message.find("did you mean 'not_promised'?"), std::string::npos)
          << broken_rules(s)[0].message;
    }
}

TEST(ScenarioRules, WhatWaitsForAFrozenDiskDoesNotMeetIt) {
  for (const auto* fault : {"disk-full", "broker-kill", "broker-crash", "worker-drain",
                            "power-loss", "bit-flip", "disk-frozen"}) {
    auto s = two_faults("disk-frozen", fault);
    EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[1].fault"}) << fault;
    s.faults[1].target = "server:2";
    EXPECT_EQ(refused(s), Keys{}) << fault << " of another";
    s.faults[1].target = "follower:1";
    EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[1].fault"}) << "who may be the same";
    s = two_faults("disk-frozen", fault);
    s.faults[0].lasts = 4s;
    EXPECT_EQ(refused(s), Keys{}) << fault << " afterwards";
  }
  for (const auto* fault : {"partition", "clients-cut", "packet-loss", "leader-churn"}) {
    auto s = two_faults("disk-frozen", fault);
    s.faults[1].target = "leader";
    EXPECT_EQ(refused(s), Keys{}) << fault;
  }
}

TEST(ScenarioRules, NothingIsWrittenToAVolumeThatIsGone) {
  for (const auto* gone : {"volume-detach", "power-loss", "volume-wipe"})
    for (const auto* fault : {"bit-flip", "truncate", "disk-full"}) {
      auto s = two_faults(gone, fault);
      EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[1].fault"}) << fault << " after " << gone;
      s.faults[0].lasts = 4s;
      EXPECT_EQ(refused(s), Keys{}) << fault << " when " << gone << " is over";
      EXPECT_EQ(refused(two_faults(fault, gone)), Keys{}) << gone << " after " << fault;
    }
}

TEST(ScenarioRules, AFaultOfPacketsDoesNotMeetItself) {
  for (const auto* fault :
       {"partition", "clients-cut", "packet-loss", "rate-limit", "packet-delay"}) {
    auto s = two_faults(fault, fault);
    EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[1].fault"}) << fault;
    s.faults[1].target = "server:2";
    EXPECT_EQ(refused(s), Keys{}) << fault << " of another";
    s = two_faults(fault, fault);
    s.faults[0].lasts = 4s;
    EXPECT_EQ(refused(s), Keys{}) << fault << " afterwards";
  }
}

// The rules of a bridge are in the workers of the others.
TEST(ScenarioRules, APartitionMeetsAnotherWhereItsRulesAre) {
  auto s = two_faults("partition", "partition");
  s.faults[1].target = "server:2";
  s.faults[1].options.shape = PartitionShape::bridge;
  EXPECT_EQ(refused(s), Keys{"spec.timeline.faults[1].fault"});
  s.faults[1].target = "server:1";
  EXPECT_EQ(refused(s), Keys{});
}

TEST(ScenarioRules, ALimitAndADelayDoNotMeet) {
  EXPECT_EQ(refused(two_faults("rate-limit", "packet-delay")),
            Keys{"spec.timeline.faults[1].fault"});
  EXPECT_EQ(refused(two_faults("packet-delay", "rate-limit")),
            Keys{"spec.timeline.faults[0].fault"});
  EXPECT_EQ(refused(two_faults("rate-limit", "packet-loss")), Keys{});
}

}  // namespace
}  // namespace faultline
