#include "checkers/timeline.h"

#include <gtest/gtest.h>

#include "checkers/testing_run.h"

namespace faultline {
namespace {

using Stage = FaultStage;

struct Builder {
  History history;
  Time now = 0;

  template <typename What>
  Builder& at(Time time, What what) {
    history.events.push_back({time, std::move(what)});
    return *this;
  }
  Builder& fault(Time time, Stage stage, std::vector<std::string> servers, std::uint32_t id = 0) {
    return at(time, FaultChanged{id, stage, "broker-kill", "all", std::move(servers), ""});
  }
  Builder& standing(Time time, std::uint32_t count) { return at(time, QuorumChanged{count, 3}); }
  Timeline line() const { return timeline(history); }
};

TEST(Timeline, EmptyHistory) {
  History history;
  history.header.monotonic = 7;
  const Timeline line = timeline(history);
  EXPECT_EQ(line.start, 7);
  EXPECT_EQ(line.end, 7);
  EXPECT_FALSE(line.strike);
  EXPECT_FALSE(line.healed);
  EXPECT_TRUE(line.without_quorum.empty());
}

TEST(Timeline, PhasesFollowOneAnotherAndTheLastEndsWithTheHistory) {
  Builder b;
  b.at(10, PhaseStarted{"steady"}).at(20, PhaseStarted{"fault"}).at(50, PhaseStarted{"drain"});
  Operation read;
  read.invoked = 5;
  read.completed = 70;
  b.history.operations.push_back(read);
  const Timeline line = b.line();
  EXPECT_EQ(line.start, 5);
  EXPECT_EQ(line.end, 70);
  ASSERT_EQ(line.phases.size(), 3u);
  EXPECT_EQ(line.phase("steady")->end, 20);
  EXPECT_EQ(line.phase("fault")->begin, 20);
  EXPECT_EQ(line.phase("drain")->end, 70);
  EXPECT_EQ(line.phase("recovery"), nullptr);
}

TEST(Timeline, OperationsWithoutCompletionDoNotEndNever) {
  Builder b;
  Operation publish;
  publish.invoked = 9;
  b.history.operations.push_back(publish);
  EXPECT_EQ(b.line().end, 9);
}

TEST(Timeline, OneFault) {
  Builder b;
  b.fault(10, Stage::striking, {"n1"}).fault(12, Stage::proven, {"n1"});
  b.fault(40, Stage::healing, {"n1"}).fault(44, Stage::healed, {"n1"});
  const Timeline line = b.line();
  EXPECT_EQ(line.strike, 10);
  EXPECT_EQ(line.proven, 12);
  EXPECT_TRUE(line.all_proven);
  EXPECT_EQ(line.heal, 40);
  EXPECT_EQ(line.healed, 44);
}

TEST(Timeline, OneUnprovenFaultAmongTwo) {
  Builder b;
  b.fault(10, Stage::striking, {"n1"}).fault(12, Stage::proven, {"n1"});
  b.fault(20, Stage::striking, {"n2"}, 1).fault(22, Stage::unproven, {"n2"}, 1);
  EXPECT_FALSE(b.line().all_proven);
}

TEST(Timeline, AFaultThatStruckAndWasNeverLookedAtIsNotProven) {
  Builder b;
  b.fault(10, Stage::striking, {"n1"});
  EXPECT_FALSE(b.line().all_proven);
}

TEST(Timeline, HealedOnlyWhenEveryServerIs) {
  Builder b;
  b.fault(10, Stage::striking, {"n1", "n2"}).fault(12, Stage::proven, {"n1", "n2"});
  b.fault(40, Stage::healing, {"n1"}).fault(44, Stage::healed, {"n1"});
  EXPECT_FALSE(b.line().healed);
  b.fault(50, Stage::healing, {"n2"});
  EXPECT_FALSE(b.line().healed);
  b.fault(55, Stage::healed, {"n2"});
  EXPECT_EQ(b.line().healed, 55);
}

TEST(Timeline, AStepThatCouldNotBeUndoneIsNotHealed) {
  Builder b;
  b.fault(10, Stage::striking, {"n1"}).fault(12, Stage::proven, {"n1"});
  b.fault(40, Stage::healing, {"n1"}).fault(44, Stage::unhealed, {"n1"});
  EXPECT_FALSE(b.line().healed);
}

TEST(Timeline, WithoutQuorumLastsUntilTheStepThatBringsIt) {
  Builder b;
  b.fault(10, Stage::striking, {"n1", "n2", "n3"}).fault(12, Stage::proven, {"n1", "n2", "n3"});
  b.standing(13, 0);
  b.fault(40, Stage::healing, {"n1"}).fault(43, Stage::healed, {"n1"}).standing(44, 1);
  b.fault(60, Stage::healing, {"n2"}).fault(63, Stage::healed, {"n2"}).standing(64, 2);
  b.fault(80, Stage::healing, {"n3"}).fault(83, Stage::healed, {"n3"}).standing(84, 3);
  const Timeline line = b.line();
  ASSERT_EQ(line.without_quorum.size(), 1u);
  EXPECT_EQ(line.without_quorum[0].begin, 13);
  EXPECT_EQ(line.without_quorum[0].end, 60);
  EXPECT_EQ(line.quorum_regained, std::vector<Time>{64});
}

TEST(Timeline, HealedTogetherTheQuorumMayComeWithTheFirstStepsThatSuffice) {
  Builder b;
  b.fault(10, Stage::striking, {"n2", "n3"}).fault(12, Stage::proven, {"n2", "n3"});
  b.standing(13, 1);
  b.fault(40, Stage::healing, {"n2"}).fault(41, Stage::healing, {"n3"});
  b.standing(44, 1).standing(45, 3);
  const Timeline line = b.line();
  ASSERT_EQ(line.without_quorum.size(), 1u);
  EXPECT_EQ(line.without_quorum[0].end, 40);
  EXPECT_EQ(line.quorum_regained, std::vector<Time>{45});
}

TEST(Timeline, ARecordWithoutQuorumWhileHealingOpensNothing) {
  Builder b;
  b.fault(10, Stage::striking, {"n1", "n2", "n3"}).fault(12, Stage::proven, {}).standing(13, 0);
  b.fault(40, Stage::healing, {"n1", "n2", "n3"}).standing(44, 1).standing(45, 2);
  const Timeline line = b.line();
  ASSERT_EQ(line.without_quorum.size(), 1u);
  EXPECT_EQ(line.without_quorum[0].end, 40);
  EXPECT_EQ(line.quorum_regained, std::vector<Time>{45});
}

TEST(Timeline, AQuorumThatIsNeverSeenAgainLeavesTheIntervalOpen) {
  Builder b;
  b.fault(10, Stage::striking, {"n1", "n2", "n3"}).standing(13, 0);
  b.fault(40, Stage::healing, {"n1"}).standing(44, 1).at(90, Note{"end"});
  const Timeline line = b.line();
  ASSERT_EQ(line.without_quorum.size(), 1u);
  EXPECT_EQ(line.without_quorum[0].end, 90);
  EXPECT_TRUE(line.quorum_regained.empty());
}

TEST(Timeline, AQuorumThatComesBackUnhealedProvesNothingAfterTheBrokerStarted) {
  Builder b;
  b.standing(13, 1);
  b.at(20, BrokerChanged{"n2", BrokerStage::started, true, ""}).standing(25, 2);
  const Timeline line = b.line();
  ASSERT_EQ(line.without_quorum.size(), 1u);
  EXPECT_EQ(line.without_quorum[0].end, 20);

  Builder bare;
  bare.standing(13, 1).standing(25, 2);
  EXPECT_TRUE(bare.line().without_quorum.empty());
}

TEST(Timeline, QuorumLostTwice) {
  Builder b;
  b.fault(10, Stage::striking, {"n1", "n2"}).standing(11, 1);
  b.fault(20, Stage::healing, {"n1", "n2"}).standing(22, 3);
  b.fault(30, Stage::striking, {"n2", "n3"}, 1).standing(31, 1);
  b.fault(40, Stage::healing, {"n2", "n3"}, 1).standing(42, 3);
  const Timeline line = b.line();
  ASSERT_EQ(line.without_quorum.size(), 2u);
  EXPECT_EQ(line.without_quorum[1].begin, 31);
  EXPECT_EQ(line.without_quorum[1].end, 40);
  EXPECT_EQ(line.quorum_regained, (std::vector<Time>{22, 42}));
}

// --- faults that end before the heal ---

Builder phased() {
  Builder b;
  b.at(1, PhaseStarted{"steady"}).at(10, PhaseStarted{"fault"});
  return b;
}

TEST(Timeline, TheHealIsTheEndOfTheFaultPhaseAndNotOfAFaultBefore) {
  auto b = phased();
  b.fault(10, Stage::striking, {"n1"}).fault(12, Stage::proven, {"n1"});
  b.fault(20, Stage::healing, {"n1"}).fault(22, Stage::healed, {"n1"});
  b.fault(30, Stage::striking, {"n2"}, 1).fault(32, Stage::proven, {"n2"}, 1);
  b.at(50, PhaseStarted{"recovery"});
  b.fault(51, Stage::healing, {"n2"}, 1).fault(54, Stage::healed, {"n2"}, 1);
  const Timeline line = b.line();
  EXPECT_EQ(line.heal, 51);
  EXPECT_EQ(line.healed, 54);
  EXPECT_TRUE(line.ends_before_heal);
}

TEST(Timeline, WhereAllEndedBeforeTheLastEndIsTheHeal) {
  auto b = phased();
  b.fault(10, Stage::striking, {"n1"}).fault(12, Stage::proven, {"n1"});
  b.fault(20, Stage::healing, {"n1"}).fault(22, Stage::healed, {"n1"});
  b.fault(30, Stage::striking, {"n1"}, 1).fault(32, Stage::proven, {"n1"}, 1);
  b.fault(40, Stage::healing, {"n1"}, 1).fault(44, Stage::healed, {"n1"}, 1);
  b.at(50, PhaseStarted{"recovery"}).at(60, PhaseStarted{"drain"});
  const Timeline line = b.line();
  EXPECT_EQ(line.heal, 40);
  EXPECT_EQ(line.healed, 44);
  EXPECT_TRUE(line.ends_before_heal);
}

TEST(Timeline, OfARunThatWasCutShortTheHealIsWhatIsUndoneFromThenOn) {
  auto b = phased();
  b.fault(10, Stage::striking, {"n1"}).fault(20, Stage::healing, {"n1"});
  b.fault(30, Stage::striking, {"n2"}, 1).at(35, Interrupted{"by the user"});
  b.fault(36, Stage::healing, {"n2"}, 1).fault(37, Stage::healing, {"n3"}, 2);
  EXPECT_EQ(b.line().heal, 36);
}

TEST(Timeline, OneStepOfTheHealAfterTheOtherIsNoEndBeforeIt) {
  auto b = phased();
  b.fault(10, Stage::striking, {"n1", "n2"}).fault(12, Stage::proven, {"n1", "n2"});
  b.at(40, PhaseStarted{"recovery"});
  b.fault(41, Stage::healing, {"n1"}).fault(44, Stage::healed, {"n1"});
  b.fault(50, Stage::healing, {"n2"}).fault(54, Stage::healed, {"n2"});
  EXPECT_EQ(b.line().heal, 41);
  EXPECT_FALSE(b.line().ends_before_heal);
}

TEST(Timeline, AFaultThatWasUndoneWhileAnotherHeldItsServerIsHealedWithThatOne) {
  auto b = phased();
  b.fault(10, Stage::striking, {"n1"}).fault(12, Stage::proven, {"n1"});
  b.fault(15, Stage::striking, {"n1"}, 1).fault(17, Stage::proven, {"n1"}, 1);
  b.fault(20, Stage::healing, {"n1"}).at(50, PhaseStarted{"recovery"});
  b.fault(51, Stage::healing, {"n1"}, 1).fault(55, Stage::healed, {"n1"}, 1);
  EXPECT_FALSE(b.line().healed);
  b.fault(56, Stage::healed, {"n1"});
  EXPECT_EQ(b.line().healed, 56);
  EXPECT_EQ(b.line().heal, 51);
}

TEST(Timeline, EachRepetitionMustBeProvenAndHold) {
  auto b = phased();
  b.fault(10, Stage::striking, {"n1"}).fault(12, Stage::proven, {"n1"});
  b.fault(19, Stage::held, {"n1"}).fault(20, Stage::healing, {"n1"});
  b.fault(30, Stage::striking, {"n1"}, 1).fault(32, Stage::proven, {"n1"}, 1);
  EXPECT_TRUE(b.line().all_proven);
  b.fault(39, Stage::lapsed, {"n1"}, 1);
  EXPECT_FALSE(b.line().all_proven);
}

// A broker that somebody else brought back served while the history says "no
// quorum": no violation may come of that.
TEST(Timeline, AFaultThatLapsedTakesTheMinorityAlong) {
  testing::RunBuilder run;
  run.fault(2);
  EXPECT_EQ(timeline(run.build()).without_quorum.size(), 1u);
  run.change(testing::RunBuilder::heal - second, FaultStage::lapsed, {"n1", "n2"});
  const Timeline line = timeline(run.build());
  EXPECT_TRUE(line.without_quorum.empty());
  EXPECT_FALSE(line.all_proven);
}

// The brokers come up one after the other, and not as the heal counts them.
TEST(Timeline, WhatStandsAfterALapseIsNoMinorityUntilTheNextStrike) {
  Builder b;
  b.fault(10, Stage::striking, {"n1", "n2", "n3"});
  b.fault(11, Stage::proven, {"n1", "n2", "n3"}).standing(11, 0);
  b.fault(20, Stage::lapsed, {"n1", "n2", "n3"});
  b.fault(21, Stage::healing, {"n1"}).standing(22, 1);
  b.fault(30, Stage::healing, {"n2"});
  EXPECT_TRUE(b.line().without_quorum.empty());
  b.fault(40, Stage::striking, {"n1", "n2"}, 1).fault(41, Stage::proven, {"n1", "n2"}, 1);
  b.standing(41, 1).fault(50, Stage::healing, {"n1", "n2"}, 1);
  const auto without = b.line().without_quorum;
  ASSERT_EQ(without.size(), 1u);
  EXPECT_EQ(without[0].begin, 41);
  EXPECT_EQ(without[0].end, 50);
}

TEST(Timeline, AFaultThatHeldIsProven) {
  testing::RunBuilder run;
  run.fault(2).change(testing::RunBuilder::heal - second, FaultStage::held, {"n1", "n2"});
  const Timeline line = timeline(run.build());
  EXPECT_TRUE(line.all_proven);
  EXPECT_EQ(line.without_quorum.size(), 1u);
}

}  // namespace
}  // namespace faultline
