#include "checkers/availability.h"

#include <gtest/gtest.h>

#include "checkers/testing_run.h"

namespace faultline {
namespace {

using testing::count;
using testing::RunBuilder;

constexpr Time strike = RunBuilder::strike;
constexpr Time proven = RunBuilder::proven;
constexpr Time heal = RunBuilder::heal;
constexpr Time drain = RunBuilder::drain;

// Served but for [from, to), when it is only tried.
RunBuilder outage(Time from, Time to, Promise promise, Service service = Service::writes) {
  RunBuilder run;
  if (service == Service::deliveries)  // always a message that is yet to be delivered
    run.serve(Service::writes, 0, drain).serve(Service::writes, 0, drain);
  run.fault(1).serve(service, 0, from).attempt(service, from, to).serve(service, to, drain);
  run.expect().writes = run.expect().reads = promise;
  return run;
}

CheckResult check(const RunBuilder& run, Service service = Service::writes) {
  return check_availability(run.build(), service);
}

struct GapCase {
  Promise promise;
  Time from, to;
  Verdict verdict;
  const char* observed;
};

class Gaps : public ::testing::TestWithParam<GapCase> {};

TEST_P(Gaps, AreJudged) {
  const GapCase& c = GetParam();
  for (const Service service : {Service::writes, Service::reads, Service::deliveries}) {
    const CheckResult result = check(outage(c.from, c.to, c.promise, service), service);
    EXPECT_EQ(result.verdict, c.verdict) << result.reason;
    EXPECT_EQ(result.observed, c.observed) << result.reason;
    EXPECT_TRUE(result.judged);
    EXPECT_EQ(result.verdict == Verdict::fail, !result.samples.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Continue, Gaps,
    ::testing::Values(
        GapCase{Promise::keeps_on, strike, strike, Verdict::pass, "continue"},
        GapCase{Promise::keeps_on, strike, strike + 4 * second, Verdict::pass, "continue"},
        GapCase{Promise::keeps_on, strike, strike + 6 * second, Verdict::fail, "pause"},
        GapCase{Promise::keeps_on, strike + 15 * second, strike + 21 * second, Verdict::fail,
                "pause"},
        // across the strike: the gap began before
        GapCase{Promise::keeps_on, strike - 3 * second, strike + 3 * second, Verdict::fail,
                "pause"},
        // until the heal, and not a moment of what comes after it
        GapCase{Promise::keeps_on, heal - 6 * second, heal + 6 * second, Verdict::fail, "stop"},
        GapCase{Promise::keeps_on, heal - 4 * second, heal + 9 * second, Verdict::pass, "continue"},
        // before the strike and after the heal is none of its business
        GapCase{Promise::keeps_on, strike - 9 * second, strike - 2 * second, Verdict::pass,
                "continue"},
        GapCase{Promise::keeps_on, heal + second, heal + 30 * second, Verdict::pass, "continue"}));

INSTANTIATE_TEST_SUITE_P(
    Pause, Gaps,
    ::testing::Values(GapCase{Promise::pause, strike, strike, Verdict::pass, "continue"},
                      GapCase{Promise::pause, strike, strike + 14 * second, Verdict::pass, "pause"},
                      GapCase{Promise::pause, strike, strike + 16 * second, Verdict::fail, "pause"},
                      GapCase{Promise::pause, heal - 10 * second, heal, Verdict::fail, "stop"},
                      GapCase{Promise::pause, strike, heal + 5 * second, Verdict::fail, "stop"}));

TEST(Availability, TheWitnessIsTheTwoOperationsAroundTheGap) {
  const CheckResult result = check(outage(strike, strike + 6 * second, Promise::keeps_on));
  ASSERT_EQ(result.samples.size(), 1u);
  ASSERT_EQ(result.samples[0].operations.size(), 2u);
  EXPECT_EQ(result.samples[0].operations[0].invoked, strike - second / 10);
  EXPECT_EQ(result.samples[0].operations[1].invoked, strike + 6 * second);
  EXPECT_EQ(count(result.counts, "longest_gap_ns"), 6'100'000'000u);
}

TEST(Availability, NeverServedAfterTheStrike) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, strike).attempt(Service::writes, strike, drain);
  run.expect().writes = Promise::keeps_on;
  EXPECT_EQ(check(run).verdict, Verdict::fail);
  EXPECT_EQ(check(run).observed, "stop");
}

TEST(Availability, AGapInWhichNobodyTriedIsUnknown) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, strike).serve(Service::writes, strike + 8 * second, drain);
  run.serve(Service::reads, 0, drain);  // the harness lives
  run.expect().writes = Promise::keeps_on;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

// It was called "stop", though no client ever read.
TEST(Availability, WhatNobodyTriedWasNotSeenToStop) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, drain);
  EXPECT_EQ(check(run, Service::reads).observed, "");
  EXPECT_EQ(check(run).observed, "continue");
}

TEST(Availability, AGapInWhichOneOperationWasUnderWayIsAViolation) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, strike).serve(Service::writes, strike + 8 * second, drain);
  run.serve(Service::reads, 0, drain);
  run.serve_one(Service::writes, strike, strike + 8 * second);
  run.expect().writes = Promise::keeps_on;
  EXPECT_EQ(check(run).verdict, Verdict::fail);
}

TEST(Availability, AHarnessThatStoodStillIsUnknown) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, strike + 2 * second);
  run.serve_one(Service::writes, strike + 2 * second, strike + 12 * second);
  run.serve(Service::writes, strike + 12 * second, drain);
  run.expect().writes = Promise::keeps_on;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

TEST(Availability, AStarvedGapDoesNotHideAnother) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, strike);
  run.attempt(Service::writes, strike, strike + 6 * second);
  run.serve(Service::writes, strike + 6 * second, strike + 15 * second);
  run.serve(Service::writes, strike + 25 * second, drain);
  run.expect().writes = Promise::keeps_on;
  EXPECT_EQ(check(run).verdict, Verdict::fail);
}

// Such a run passed though nothing was ever served between strike and heal.
TEST(Availability, StrikeAndHealTooCloseTogetherProveNothing) {
  for (const Promise promise : {Promise::keeps_on, Promise::pause}) {
    testing::RunBuilder run;
    run.change(strike, FaultStage::striking, {"n1"}).change(strike + 1, FaultStage::proven, {"n1"});
    run.change(strike + 4 * second, FaultStage::healing, {"n1"});
    run.serve(Service::writes, 0, strike).attempt(Service::writes, strike, drain);
    run.expect().writes = promise;
    EXPECT_EQ(check(run).verdict, Verdict::unknown) << check(run).reason;
    EXPECT_EQ(check(run).observed, "");
  }
}

TEST(Availability, WithoutAFaultNothingIsJudged) {
  RunBuilder run;
  run.serve(Service::writes, 0, drain);
  run.expect().writes = Promise::keeps_on;
  const CheckResult result = check(run);
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_EQ(result.observed, "");
  EXPECT_EQ(count(result.counts, "steady.ok"), 200u);
}

TEST(Availability, ARunThatEndsBeforeTheHealCannotPass) {
  for (const Promise promise : {Promise::keeps_on, Promise::pause}) {
    testing::HistoryBuilder b;
    b.event(0, PhaseStarted{"steady"});
    b.event(10 * second, FaultChanged{0, FaultStage::striking, "", "", {"n1"}, ""});
    for (int i = 1; i <= 150; ++i) {
      const Time time = i * second / 10;
      b.publish(1, static_cast<std::uint64_t>(i), time, time + 1, static_cast<std::uint64_t>(i));
    }
    b.header().expectations.writes = promise;
    EXPECT_EQ(check_availability(b.build(), Service::writes).verdict, Verdict::unknown);
  }
}

TEST(Availability, AnInterruptedRunMayStillBeOnItsWayBack) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, strike).attempt(Service::writes, strike, drain);
  run.event(strike + 8 * second, Interrupted{"by the user"});
  run.expect().writes = Promise::pause;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
  run.expect().writes = Promise::keeps_on;
  EXPECT_EQ(check(run).verdict, Verdict::fail);
}

// --- stop ---

// One message more was written than delivered before the strike.
RunBuilder stopped() {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).serve_one(Service::writes, strike - 2, strike - 1);
  run.attempt_all(strike, heal).serve_all(heal + 3 * second, drain);
  run.expect().writes = run.expect().reads = Promise::stop;
  return run;
}

// A second group that gets its messages all the time, each a second after it was written.
RunBuilder& second_group(RunBuilder& run, const std::string& role = "lagging") {
  constexpr std::uint32_t process = 20;
  run.event(0, ProcessStarted{process, role, "second"});
  std::uint64_t sequence = 0;
  for (Time time = second; time < drain; time += second / 10) {
    ++sequence;
    run.builder.deliver(process, sequence, run.log[sequence - 1], time, time + millisecond);
  }
  return run;
}

TEST(AvailabilityOfGroups, AGroupThatGetsNothingIsNotHiddenByAnother) {
  auto run = outage(strike, strike + 9 * second, Promise::keeps_on, Service::deliveries);
  const auto result = check(second_group(run), Service::deliveries);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.observed, "pause");
  EXPECT_TRUE(result.reason.starts_with("group durable: no deliveries for ")) << result.reason;
}

TEST(AvailabilityOfGroups, WhoRefusesIsNoUserOfTheStream) {
  auto run = outage(strike, strike + 9 * second, Promise::keeps_on, Service::deliveries);
  const auto result = check(second_group(run, "refusing"), Service::deliveries);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_TRUE(result.reason.starts_with("no deliveries for ")) << result.reason;
  RunBuilder alone;
  alone.fault(1).serve(Service::writes, 0, drain);
  alone.expect().reads = Promise::keeps_on;
  auto history = alone.build();
  for (auto& event : history.events)
    if (auto* process = std::get_if<ProcessStarted>(&event.what)) process->role = "refusing";
  EXPECT_FALSE(check_availability(history, Service::deliveries).judged);
}

// A group that keeps up has nothing to get where nothing is written.
TEST(AvailabilityOfGroups, WhereNothingIsDueNoDeliveryIsMissed) {
  RunBuilder run;
  run.fault(1);
  for (const auto service : {Service::writes, Service::deliveries})
    run.serve(service, 0, strike)
        .attempt(service, strike, strike + 9 * second)
        .serve(service, strike + 9 * second, drain);
  run.expect().writes = run.expect().reads = Promise::keeps_on;
  EXPECT_EQ(check(run, Service::writes).verdict, Verdict::fail);
  const auto result = check(run, Service::deliveries);
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(result.observed, "continue");
}

TEST(AvailabilityStop, AnAcknowledgementThatSaysDuplicateNeedsNoQuorum) {
  RunBuilder run = stopped();
  Operation again = run.serve_one(Service::writes, proven + second, proven + 2 * second);
  History history = run.build();
  for (Operation& operation : history.operations)
    if (operation == again) operation.duplicate = true;
  EXPECT_EQ(check_availability(history, Service::writes).verdict, Verdict::pass);
}

TEST(AvailabilityStop, NothingServedWithoutAQuorum) {
  for (const Service service : {Service::writes, Service::reads, Service::deliveries}) {
    const CheckResult result = check(stopped(), service);
    EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
    EXPECT_EQ(result.observed, "stop");
  }
}

RunBuilder not_connected(int brokers_down) {
  RunBuilder run;
  run.fault(brokers_down).serve_all(0, strike);
  run.serve_one(Service::writes, strike - 2, strike - 1);
  run.serve_all(heal + 3 * second, drain);
  for (const Service service : {Service::writes, Service::reads, Service::deliveries})
    run.attempt(service, strike, heal, Outcome::fail, Answer::unsent);
  run.expect().writes = run.expect().reads = Promise::stop;
  return run;
}

TEST(AvailabilityStop, ThatNobodyWasAskedProvesNothing) {
  for (const Service service : {Service::writes, Service::reads, Service::deliveries})
    EXPECT_EQ(check(not_connected(2), service).verdict, Verdict::unknown);
}

TEST(AvailabilityStop, WhereNobodyStandsNobodyCanBeAsked) {
  for (const Service service : {Service::writes, Service::reads, Service::deliveries})
    EXPECT_EQ(check(not_connected(3), service).verdict, Verdict::pass);
}

TEST(AvailabilityStop, AWriteAcknowledgedWithoutAQuorum) {
  RunBuilder run = stopped();
  const Operation bad = run.serve_one(Service::writes, proven, proven + 1);
  const CheckResult result = check(run);
  EXPECT_EQ(result.verdict, Verdict::fail);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations, std::vector<Operation>{bad});
}

TEST(AvailabilityStop, AWriteInvokedBeforeTheFaultWasProven) {
  RunBuilder run = stopped();
  run.serve_one(Service::writes, proven - 1, proven + second);
  EXPECT_EQ(check(run).verdict, Verdict::pass);
}

TEST(AvailabilityStop, AWriteAcknowledgedOnceTheHealBegan) {
  RunBuilder run = stopped();
  run.serve_one(Service::writes, proven + second, heal);
  EXPECT_EQ(check(run).verdict, Verdict::pass);
}

TEST(AvailabilityStop, ReadsHaveTimeToSettle) {
  for (const Service service : {Service::reads, Service::deliveries}) {
    RunBuilder settling = stopped();
    settling.serve_one(service, strike + 24 * second, strike + 25 * second);
    EXPECT_EQ(check(settling, service).verdict, Verdict::pass);
    RunBuilder late = stopped();
    late.serve_one(service, strike + 24 * second, strike + 25 * second + 1);
    EXPECT_EQ(check(late, service).verdict, Verdict::fail);
    RunBuilder healing = stopped();
    healing.serve_one(service, heal - second, heal);
    EXPECT_EQ(check(healing, service).verdict, Verdict::pass);
  }
}

TEST(AvailabilityStop, AbsentIsNoAnswerOfAMessage) {
  RunBuilder run = stopped();
  run.builder.answer(OperationKind::read, Answer::absent, 1, heal - 2 * second, heal - second);
  EXPECT_EQ(check(run, Service::reads).verdict, Verdict::pass);
}

TEST(AvailabilityStop, TooFewAttemptsProveNothing) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).attempt_all(strike, strike + second).serve_all(heal, drain);
  run.expect().writes = run.expect().reads = Promise::stop;
  EXPECT_EQ(check(run, Service::writes).verdict, Verdict::unknown);  // five of them after proof
  EXPECT_EQ(check(run, Service::reads).verdict, Verdict::unknown);
  run.attempt(Service::reads, strike + 10 * second, strike + 24 * second);  // all too early
  EXPECT_EQ(check(run, Service::reads).verdict, Verdict::unknown);
  run.attempt(Service::reads, strike + 26 * second, strike + 27 * second);
  EXPECT_EQ(check(run, Service::reads).verdict, Verdict::pass);
}

TEST(AvailabilityStop, AttemptsAtMessagesThatDoNotExistProveNothing) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).serve_all(heal, drain);
  for (int i = 0; i < 100; ++i) {
    const Time time = strike + 30 * second + i * second / 10;
    run.builder.unanswered(OperationKind::read, 201, time, time + 1);
  }
  run.expect().reads = Promise::stop;
  EXPECT_EQ(check(run, Service::reads).verdict, Verdict::unknown);
}

RunBuilder all_delivered() {
  RunBuilder run;
  run.fault(3).serve_all(0, strike);
  run.attempt(Service::deliveries, strike, heal, Outcome::ok, Answer::absent);
  run.expect().reads = Promise::stop;
  return run;
}

TEST(AvailabilityStop, PullsProveNothingWhereEverythingWasDelivered) {
  const auto result = check(all_delivered(), Service::deliveries);
  EXPECT_EQ(result.verdict, Verdict::unknown) << result.reason;
  EXPECT_EQ(count(result.counts, "attempts_without_quorum"), 0u);
}

TEST(AvailabilityStop, OnlyPullsOfAGroupThatHasYetToGetAMessageAreAttempts) {
  RunBuilder run = all_delivered();
  run.event(0, ProcessStarted{20, "lagging", "second"});
  for (std::uint64_t i = 1; i < run.log.size(); ++i)
    run.builder.deliver(20, i, run.log[i - 1], strike - second, strike - second / 2);
  for (Time time = heal - 3 * second; time < heal; time += second / 4) {
    Operation pull;
    pull.kind = OperationKind::deliver;
    pull.process = 20;
    pull.intended = pull.invoked = time;
    run.builder.operation(pull);
  }
  const auto result = check(run, Service::deliveries);
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(count(result.counts, "attempts_without_quorum"), 12u);
}

TEST(AvailabilityStop, WithAQuorumAllTheTimeNothingIsProven) {
  RunBuilder run;
  run.fault(1).serve_all(0, strike).attempt_all(strike, heal).serve_all(heal, drain);
  run.expect().writes = Promise::stop;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

// --- never judged ---

TEST(Availability, NotPromisedIsMeasured) {
  const CheckResult result = check(outage(strike, strike + 6 * second, Promise::not_promised));
  EXPECT_FALSE(result.judged);
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_EQ(result.observed, "pause");
}

TEST(Availability, DirectReadsAreNeverJudged) {
  RunBuilder run;
  run.fault(1).serve(Service::direct_reads, 0, drain);
  run.expect().reads = Promise::stop;
  const CheckResult result = check(run, Service::direct_reads);
  EXPECT_EQ(result.check, "availability.direct_reads");
  EXPECT_FALSE(result.judged);
  EXPECT_EQ(result.observed, "continue");
}

TEST(Availability, PhasesAreMeasured) {
  const CheckResult result = check(outage(strike, strike + 6 * second, Promise::keeps_on));
  EXPECT_EQ(count(result.counts, "steady.ok"), 200u);
  EXPECT_EQ(count(result.counts, "steady.length_ns"), 20'000'000'000u);
  EXPECT_EQ(count(result.counts, "fault.ok"), 340u);
  EXPECT_EQ(count(result.counts, "fault.longest_gap_ns"), 6'001'000'000u);
  EXPECT_EQ(count(result.counts, "recovery.ok"), 400u);
  EXPECT_EQ(count(result.counts, "drain.ok"), 0u);
  EXPECT_EQ(count(result.counts, "drain.longest_gap_ns"), 10'000'000'000u);
}

// --- faults that end before the heal ---

// From 20 s on, one after the other; nothing lasts until 60 s.
RunBuilder two_short_faults(Promise promise) {
  RunBuilder run;
  run.short_fault(0, "n1", strike, strike + 10 * second);
  run.short_fault(1, "n2", strike + 20 * second, strike + 30 * second);
  run.expect().writes = promise;
  return run;
}

TEST(ShortFaults, TheWholeTimeFromTheFirstStrikeToTheHealIsJudged) {
  // Between the two, when nothing is broken.
  auto run = two_short_faults(Promise::keeps_on);
  const Time begin = strike + 12 * second, end = strike + 18 * second;
  run.serve(Service::writes, 0, begin).attempt(Service::writes, begin, end);
  run.serve(Service::writes, end, drain);
  EXPECT_EQ(check(run).verdict, Verdict::fail);
  EXPECT_EQ(check(run).observed, "pause");
}

TEST(ShortFaults, WhereAllEndedTheLastEndIsTheHeal) {
  const Time end = strike + 30 * second;
  for (const Promise promise : {Promise::keeps_on, Promise::pause}) {
    auto run = two_short_faults(promise);  // what comes after the last end is of the recovery
    run.serve(Service::writes, 0, end).attempt(Service::writes, end, end + 9 * second);
    run.serve(Service::writes, end + 9 * second, drain);
    EXPECT_EQ(check(run).verdict, Verdict::pass) << check(run).reason;
  }
  auto run = two_short_faults(Promise::pause);  // not back before it
  run.serve(Service::writes, 0, end - 6 * second).attempt(Service::writes, end - 6 * second, drain);
  EXPECT_EQ(check(run).verdict, Verdict::fail);
}

TEST(ShortFaults, WithOneThatLastsTheHealIsTheEndOfTheFaultPhase) {
  RunBuilder run;
  run.fault(1).short_fault(1, "n2", strike + 5 * second, strike + 10 * second, 1);
  run.expect().writes = Promise::keeps_on;
  run.serve(Service::writes, 0, strike + 30 * second);
  run.attempt(Service::writes, strike + 30 * second, heal);
  run.serve(Service::writes, heal, drain);
  const auto result = check(run);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.observed, "stop");
}

TEST(ShortFaults, EachMayPause) {
  auto run = two_short_faults(Promise::pause);
  Time from = 0;
  for (const Time outage : {strike, strike + 20 * second}) {
    run.serve(Service::writes, from, outage);
    run.attempt(Service::writes, outage, outage + 8 * second);
    from = outage + 8 * second;
  }
  run.serve(Service::writes, from, drain);
  EXPECT_EQ(check(run).verdict, Verdict::pass) << check(run).reason;
}

TEST(ShortFaults, AStopIsNotJudged) {
  RunBuilder run;
  run.short_fault(0, "n1", strike, strike + 10 * second, 1);
  run.short_fault(1, "n1", strike + 20 * second, strike + 30 * second, 1);
  run.expect().writes = Promise::stop;
  run.serve(Service::writes, 0, drain);
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

}  // namespace
}  // namespace faultline
