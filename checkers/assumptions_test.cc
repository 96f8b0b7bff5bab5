#include "checkers/assumptions.h"

#include <gtest/gtest.h>

#include "checkers/recovery.h"
#include "checkers/testing_run.h"

namespace faultline {
namespace {

using testing::RunBuilder;

constexpr Time strike = RunBuilder::strike;
constexpr Time drain = RunBuilder::drain;

Assumptions of(const RunBuilder& run) { return assumptions(run.build()); }

History without(History history, std::string_view phase) {
  std::erase_if(history.events, [&](const Event& event) {
    const auto* started = std::get_if<PhaseStarted>(&event.what);
    return started != nullptr && started->phase == phase;
  });
  return history;
}

TEST(Assumptions, AllHold) {
  RunBuilder run;
  run.fault(1).serve_all(0, drain);
  EXPECT_EQ(check_assumptions(run.build()).verdict, Verdict::pass);
}

TEST(Assumptions, EnoughBeforeTheStrike) {
  RunBuilder run;
  run.fault(1).serve_all(strike - 4 * second, strike - second / 2).serve_all(strike, drain);
  const Assumptions found = of(run);  // 35 of each
  EXPECT_NE(found.writes.find("only 35"), std::string::npos) << found.writes;
  EXPECT_EQ(found.reads, "");
  EXPECT_EQ(found.deliveries, "");
  EXPECT_EQ(check_assumptions(run.build()).verdict, Verdict::unknown);
}

TEST(Assumptions, ReadsAndDeliveriesApart) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, drain).serve(Service::reads, strike, drain);
  const Assumptions found = of(run);
  EXPECT_EQ(found.writes, "");
  EXPECT_NE(found.reads, "");
  EXPECT_NE(found.deliveries, "");
}

TEST(Assumptions, DeliveriesOnlyWhereAGroupTookPart) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, drain).serve(Service::reads, 0, drain);
  History history = run.build();
  EXPECT_NE(assumptions(history).deliveries, "");
  std::erase_if(history.events, [](const Event& event) {
    return std::holds_alternative<ProcessStarted>(event.what);
  });
  EXPECT_EQ(assumptions(history).deliveries, "");
}

TEST(Assumptions, EveryFaultIsProven) {
  RunBuilder run;
  run.change(strike, FaultStage::striking, {"n1"}).serve_all(0, drain);
  EXPECT_NE(of(run).fault, "");
  run.event(
      strike + 1,
      FaultChanged{
          0, FaultStage::unproven, "broker-kill", "leader", {"n1"}, "port 4222 still answers"});
  EXPECT_NE(of(run).fault.find("port 4222 still answers"), std::string::npos);
}

TEST(Assumptions, AFaultPhaseWithoutAFault) {
  RunBuilder run;
  run.serve_all(0, drain);
  EXPECT_EQ(of(run).fault, "no fault struck");
}

TEST(Assumptions, AFaultlessRunNeedsNone) {
  RunBuilder run;
  run.serve_all(0, drain);
  const History history = without(without(run.build(), "fault"), "recovery");
  EXPECT_EQ(check_assumptions(history).verdict, Verdict::pass);
}

TEST(Assumptions, TheFaultStrikesAfterTheSteadyPhase) {
  RunBuilder run;
  run.serve_all(0, drain).change(strike - second, FaultStage::striking, {"n1"});
  run.change(strike, FaultStage::proven, {"n1"});
  EXPECT_NE(of(run).fault, "");
}

TEST(Assumptions, SomebodyLedWhenTheFaultStruck) {
  RunBuilder run;
  run.fault(1).serve_all(0, drain);
  EXPECT_EQ(of(run).leader, "");
  run.event(strike - 1, LeadersSeen{"", "n2", {}});
  EXPECT_NE(of(run).leader, "");
}

TEST(Assumptions, EveryPhaseBegan) {
  RunBuilder run;
  run.fault(1).serve_all(0, drain);
  for (const char* phase : {"steady", "fault", "recovery", "drain"}) {
    EXPECT_NE(assumptions(without(run.build(), phase)).phases.find(phase), std::string::npos);
  }
  run.event(strike + 1, PhaseStarted{"steady"});
  EXPECT_EQ(of(run).phases, "");
}

// A scenario without readers could never pass.
TEST(Assumptions, WithoutReadersNoReadsAreNeededUnlessTheyArePromised) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, drain).serve(Service::deliveries, 0, drain);
  run.expect().resume = Resume::healed;
  EXPECT_EQ(of(run).reads, "");
  EXPECT_FALSE(check_recovery(run.build(), Service::reads).judged);
  run.expect().reads = Promise::keeps_on;
  EXPECT_NE(of(run).reads, "");
  EXPECT_EQ(check_recovery(run.build(), Service::reads).verdict, Verdict::unknown);
}

TEST(Assumptions, AReaderThatGotNothingIsMissed) {
  RunBuilder run;
  run.fault(1).serve(Service::writes, 0, drain).event(0, ProcessStarted{9, "rereader", ""});
  EXPECT_NE(of(run).reads, "");
}

TEST(Assumptions, AnEmptyHistoryProvesNothing) {
  EXPECT_EQ(check_assumptions({}).verdict, Verdict::unknown);
}

TEST(Assumptions, AFaultThatLapsedBeforeItsOwnEndIsNoEvidence) {
  RunBuilder run;
  run.short_fault(0, "n1", strike, strike + 5 * second).serve_all(0, drain);
  EXPECT_EQ(check_assumptions(run.build()).verdict, Verdict::pass);
  run.short_fault(1, "n1", strike + 10 * second, strike + 15 * second);
  EXPECT_EQ(check_assumptions(run.build()).verdict, Verdict::pass);
  run.event(strike + 15 * second - 1,
            FaultChanged{1, FaultStage::lapsed, "broker-pause", "n1", {"n1"}, "runs"});
  EXPECT_EQ(check_assumptions(run.build()).verdict, Verdict::unknown);
}

}  // namespace
}  // namespace faultline
