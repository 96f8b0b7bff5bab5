#include "checkers/judge.h"

#include <gtest/gtest.h>

#include <array>
#include <new>
#include <set>
#include <stdexcept>

#include "checkers/checks.h"
#include "checkers/testing_run.h"

namespace faultline {
namespace {

using testing::RunBuilder;

constexpr Time strike = RunBuilder::strike;
constexpr Time heal = RunBuilder::heal;
constexpr Time drain = RunBuilder::drain;

RunBuilder good_run() {
  RunBuilder run;
  run.fault(1).serve_all(0, drain).finish();
  run.expect().writes = run.expect().reads = Promise::keeps_on;
  run.expect().resume = Resume::healed;
  run.expect().linearizability = LinearizabilityPromise::required;
  return run;
}

// A broker that exits by itself: a violation that needs nothing else.
void crash(RunBuilder& run) {
  run.event(strike + second, BrokerChanged{"n3", BrokerStage::exited, false, "exit status 2"});
}

std::string show(const Judgement& judgement) {
  std::string text = judgement.summary + "\n";
  for (const CheckResult& c : judgement.checks) {
    text += "  " + c.check + ": " + std::string(to_string(c.verdict)) +
            (c.judged ? ", " : " (not judged), ") + c.reason + "\n";
  }
  return text;
}

// --- which verdict outranks which ---

template <Verdict verdict>
CheckResult always(const History&) {
  CheckResult result;
  result.check = "always." + std::string(to_string(verdict));
  result.verdict = verdict;
  result.reason = "says " + std::string(to_string(verdict));
  return result;
}
template <Verdict verdict>
CheckResult unjudged(const History& history) {
  CheckResult result = always<verdict>(history);
  result.judged = false;
  return result;
}

constexpr Check passes{"pass", needs_nothing, always<Verdict::pass>};
constexpr Check fails{"fail", needs_nothing, always<Verdict::fail>};
constexpr Check unknown{"unknown", needs_nothing, always<Verdict::unknown>};

Judgement judge_good(std::vector<Check> checks) { return judge(good_run().build(), checks); }

TEST(Precedence, FailOutranksUnknownOutranksPass) {
  EXPECT_EQ(judge_good({passes}).verdict, Verdict::pass);
  EXPECT_EQ(judge_good({passes, unknown}).verdict, Verdict::unknown);
  EXPECT_EQ(judge_good({unknown, passes}).verdict, Verdict::unknown);
  EXPECT_EQ(judge_good({unknown, fails, passes}).verdict, Verdict::fail);
  EXPECT_EQ(judge_good({fails, unknown}).summary, "fail: says fail");
  EXPECT_EQ(judge_good({passes, unknown}).summary, "unknown: says unknown");
}

TEST(Precedence, WhatIsNotJudgedDecidesNothing) {
  const Check bad{"fail", needs_nothing, unjudged<Verdict::fail>};
  EXPECT_EQ(judge_good({passes, bad}).verdict, Verdict::pass);
  EXPECT_EQ(judge_good({bad}).verdict, Verdict::unknown);
}

TEST(Precedence, ACheckerThatGivesUpIsUnknown) {
  const Check memory{"hungry", needs_nothing,
                     [](const History&) -> CheckResult { throw std::bad_alloc(); }};
  const Check error{"clumsy", needs_nothing,
                    [](const History&) -> CheckResult { throw std::runtime_error("oops"); }};
  const Check odd{"odd", needs_nothing, [](const History&) -> CheckResult { throw 7; }};
  const Judgement judgement = judge_good({passes, memory, error, odd});
  EXPECT_EQ(judgement.verdict, Verdict::unknown);
  ASSERT_NE(judgement.find("hungry"), nullptr);
  EXPECT_NE(judgement.find("hungry")->reason.find("out of memory"), std::string::npos);
  EXPECT_NE(judgement.find("clumsy")->reason.find("oops"), std::string::npos);
  EXPECT_EQ(judgement.find("odd")->verdict, Verdict::unknown);
  EXPECT_EQ(judgement.find("nobody"), nullptr);
  EXPECT_EQ(judge_good({memory, fails}).verdict, Verdict::fail);
}

// --- what a pass rests on ---

TEST(Doubt, EachNeedIsHeldAgainstThePassThatNeedsItAndNoFail) {
  RunBuilder bare;  // nothing before the strike, no leader, nothing proven
  bare.event(second, LeadersSeen{"", "", {}});
  bare.event(second, ProcessStarted{9, "reader", ""});
  bare.change(strike, FaultStage::striking, {"n1"}).change(strike, FaultStage::unproven, {"n1"});
  for (const unsigned need :
       {needs_fault, needs_leader, needs_writes, needs_reads, needs_deliveries}) {
    const std::array checks{Check{"pass", need, always<Verdict::pass>},
                            Check{"fail", need, always<Verdict::fail>}, passes};
    const Judgement judgement = judge(bare.build(), checks);
    EXPECT_EQ(judgement.checks[0].verdict, Verdict::unknown) << need;
    EXPECT_EQ(judgement.checks[1].verdict, Verdict::fail) << need;
    EXPECT_EQ(judgement.checks[2].verdict, Verdict::pass) << need;
  }
}

TEST(Doubt, DamagedUnendedAndInterruptedHistories) {
  const std::array checks{passes, fails};
  History damaged = good_run().build();
  damaged.damage = "12 bytes at the end are no block";
  History unended = good_run().build();
  unended.closed = false;
  RunBuilder run = good_run();
  run.event(RunBuilder::end, Interrupted{"by the user"});
  for (const History& history : {damaged, unended, run.build()}) {
    const Judgement judgement = judge(history, checks);
    EXPECT_EQ(judgement.checks[0].verdict, Verdict::unknown);
    EXPECT_EQ(judgement.checks[1].verdict, Verdict::fail);
  }
  EXPECT_FALSE(judge(damaged).interrupted);
  EXPECT_TRUE(judge(run.build()).interrupted);
  EXPECT_EQ(judge(run.build()).summary.rfind("unknown (interrupted): ", 0), 0u);
}

// --- whole runs ---

TEST(Judge, AGoodRunPasses) {
  const Judgement judgement = judge(good_run().build());
  EXPECT_EQ(judgement.verdict, Verdict::pass) << show(judgement);
  EXPECT_EQ(judgement.summary,
            "pass: writes continue (longest gap 100 ms), reads continue (longest gap 100 ms), "
            "deliveries continue (longest gap 100 ms), nothing lost of 1000");
  for (const CheckResult& check : judgement.checks) {
    EXPECT_TRUE(!check.judged || check.verdict == Verdict::pass) << check.check << check.reason;
  }
}

TEST(Judge, ResultsAreInTheOrderOfTheChecksAndNamedLikeThem) {
  const Judgement judgement = judge(good_run().build());
  const Judgement empty = judge(History{});
  ASSERT_EQ(judgement.checks.size(), all_checks().size());
  std::set<std::string> names;
  for (std::size_t i = 0; i < all_checks().size(); ++i) {
    EXPECT_EQ(judgement.checks[i].check, all_checks()[i].name);
    EXPECT_EQ(empty.checks[i].check, all_checks()[i].name);
    names.insert(judgement.checks[i].check);
  }
  EXPECT_EQ(names.size(), all_checks().size());
}

TEST(Judge, StoppedWithoutAQuorumAndBack) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).serve_one(Service::writes, strike - 2, strike - 1);
  run.attempt_all(strike, heal + 3 * second).serve_all(heal + 3 * second, drain);
  run.serve_one(Service::deliveries, drain - 2, drain - 1);  // always one behind
  run.finish();
  run.expect().writes = run.expect().reads = Promise::stop;
  run.expect().resume = Resume::quorum;
  const Judgement judgement = judge(run.build());
  EXPECT_EQ(judgement.verdict, Verdict::pass) << show(judgement);
  EXPECT_NE(judgement.summary.find("writes stop (back after 1.00 s)"), std::string::npos)
      << judgement.summary;
}

TEST(Judge, ARunWhoseFaultDidNothingIsUnknown) {
  RunBuilder run;
  run.change(strike, FaultStage::striking, {"n1"});
  run.event(strike + 1,
            FaultChanged{
                0, FaultStage::unproven, "broker-kill", "leader", {"n1"}, "n1 was down already"});
  run.change(heal, FaultStage::healing, {"n1"}).change(heal + 1, FaultStage::healed, {"n1"});
  run.serve_all(0, drain).finish();
  run.expect().writes = run.expect().reads = Promise::keeps_on;
  run.expect().resume = Resume::healed;
  const Judgement judgement = judge(run.build());
  EXPECT_EQ(judgement.verdict, Verdict::unknown) << show(judgement);
  EXPECT_NE(judgement.summary.find("n1 was down already"), std::string::npos);
  EXPECT_EQ(judgement.find("lost")->verdict, Verdict::unknown);
  EXPECT_EQ(judgement.find("availability.writes")->verdict, Verdict::unknown);
  EXPECT_EQ(judgement.find("recovery.reads")->verdict, Verdict::unknown);
  EXPECT_EQ(judgement.find("crash")->verdict, Verdict::pass);
}

TEST(Judge, AViolationStandsWhateverElseCouldNotBeJudged) {
  RunBuilder run;
  run.change(strike, FaultStage::striking, {"n1"});
  run.change(strike + 1, FaultStage::unproven, {"n1"});
  run.event(strike + second, Interrupted{"by the user"});
  crash(run);
  History history = run.build();
  history.closed = false;
  history.damage = "torn";
  const Judgement judgement = judge(history);
  EXPECT_EQ(judgement.verdict, Verdict::fail) << show(judgement);
  EXPECT_EQ(judgement.summary.rfind("fail (interrupted): broker n3 exited by itself", 0), 0u);
}

TEST(Judge, LossIsNamedFirstAndWithItsCount) {
  RunBuilder run;
  run.fault(1).serve_all(0, drain);
  crash(run);
  const std::vector<Value> all = run.log;
  run.log.resize(all.size() - 100);
  run.finish();
  const Judgement judgement = judge(run.build());
  EXPECT_EQ(judgement.verdict, Verdict::fail);
  EXPECT_EQ(judgement.summary.rfind("fail: lost 100 of 1000 acknowledged messages; also: ", 0), 0u)
      << show(judgement);
  EXPECT_NE(judgement.summary.find("crash"), std::string::npos);
}

// The summary began with the effect: "n3 cannot be reached; also: crash".
TEST(Judge, ACrashIsNamedBeforeTheReplicaThatIsGoneWithIt) {
  RunBuilder run = good_run();
  crash(run);
  run.event(RunBuilder::end, ReplicaState{.server = "n3"});
  const Judgement judgement = judge(run.build());
  EXPECT_EQ(judgement.summary.rfind("fail: broker n3 exited by itself", 0), 0u) << show(judgement);
  EXPECT_NE(judgement.summary.find("also: replicas"), std::string::npos) << judgement.summary;
}

TEST(Judge, AnEmptyHistoryIsUnknown) { EXPECT_EQ(judge(History{}).verdict, Verdict::unknown); }

TEST(Judge, TheSameHistoryGivesTheSameJudgement) {
  const History history = good_run().build();
  EXPECT_EQ(show(judge(history)), show(judge(history)));
}

}  // namespace
}  // namespace faultline
