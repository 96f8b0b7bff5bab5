#include "checkers/manual_restart.h"

#include <gtest/gtest.h>

#include "checkers/judge.h"
#include "checkers/testing_run.h"

namespace faultline {
namespace {

using testing::RunBuilder;

constexpr Time look = RunBuilder::heal - second;

RunBuilder a_run() {
  RunBuilder run;
  run.expect().manual_restart = ManualRestart::required;
  run.fault(1);
  return run;
}

CheckResult judged(const RunBuilder& run) { return check_manual_restart(run.build()); }

TEST(ManualRestart, IsNotJudgedWhereItIsNotPromised) {
  RunBuilder run;
  run.fault(1).change(look, FaultStage::lapsed, {"n1"});
  EXPECT_FALSE(judged(run).judged);
}

TEST(ManualRestart, HeldUntilTheHealPasses) {
  auto run = a_run();
  run.change(look, FaultStage::held, {"n1"});
  const auto result = judged(run);
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(testing::count(result.counts, "held_ns"),
            static_cast<std::uint64_t>(look - RunBuilder::proven));
}

TEST(ManualRestart, OfAllThatWereStruckOnlyTheFirstLookTells) {
  auto run = a_run();
  run.change(look, FaultStage::held, {"n1", "n2"});
  run.change(RunBuilder::healed, FaultStage::held, {"n2"});
  EXPECT_EQ(testing::count(judged(run).counts, "held_ns"),
            static_cast<std::uint64_t>(look - RunBuilder::proven));
}

TEST(ManualRestart, BackByItselfFails) {
  auto run = a_run();
  run.event(look, FaultChanged{0, FaultStage::lapsed, "volume-detach", "leader", {"n1"}, "runs"});
  const auto result = judged(run);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.reason, "n1 came back without a manual restart: runs");
}

TEST(ManualRestart, NotBackWithARestartFails) {
  auto run = a_run();
  run.change(look, FaultStage::held, {"n1"});
  run.event(RunBuilder::healed + second,
            FaultChanged{0, FaultStage::unhealed, "volume-detach", "leader", {"n1"}, "gone"});
  EXPECT_EQ(judged(run).verdict, Verdict::fail);
}

TEST(ManualRestart, WithoutALookItIsUnknown) {
  EXPECT_EQ(judged(a_run()).verdict, Verdict::unknown);
  RunBuilder nothing_struck;
  nothing_struck.expect().manual_restart = ManualRestart::required;
  EXPECT_EQ(judged(nothing_struck).verdict, Verdict::unknown);
}

TEST(ManualRestart, EveryFaultMustHaveHeld) {
  auto run = a_run();
  run.change(look, FaultStage::held, {"n1"});
  run.event(RunBuilder::strike + second,
            FaultChanged{1, FaultStage::striking, "volume-detach", "follower:1", {"n2"}, ""});
  run.event(RunBuilder::strike + 2 * second,
            FaultChanged{1, FaultStage::proven, "volume-detach", "follower:1", {"n2"}, ""});
  EXPECT_EQ(judged(run).verdict, Verdict::unknown);
}

// Its own end is then the manual restart.
TEST(ManualRestart, AFaultThatEndsBeforeTheHealIsLookedAtBeforeItsEnd) {
  auto run = a_run();
  run.change(look, FaultStage::held, {"n1"});
  run.short_fault(1, "n2", RunBuilder::strike + second, RunBuilder::strike + 9 * second);
  const auto result = judged(run);
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(testing::count(result.counts, "held_ns"), static_cast<std::uint64_t>(8 * second - 2));
  run.event(RunBuilder::strike + 8 * second,
            FaultChanged{1, FaultStage::lapsed, "broker-pause", "n2", {"n2"}, "runs"});
  EXPECT_EQ(judged(run).verdict, Verdict::fail);
}

}  // namespace
}  // namespace faultline
