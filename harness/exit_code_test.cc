#include "harness/exit_code.h"

#include <gtest/gtest.h>

#include "harness/report/testing.h"

namespace faultline {
namespace {

using testing::make_broken;
using testing::make_failed;
using testing::make_passed;
using testing::make_skipped;
using testing::make_suite;
using testing::make_unknown;

ExitCode of(std::vector<RunResult> runs, ExitPolicy policy = {}) {
  return exit_code(make_suite(std::move(runs)), policy);
}

TEST(ExitCode, OfEachOutcome) {
  EXPECT_EQ(of({make_passed()}), 0);
  EXPECT_EQ(of({make_failed()}), 1);
  EXPECT_EQ(of({make_unknown()}), 2);
  EXPECT_EQ(of({make_skipped()}), 2);
  EXPECT_EQ(of({make_broken()}), 255);
}

TEST(ExitCode, ViolationOutranksTheRest) {
  EXPECT_EQ(of({make_broken(), make_failed(), make_unknown()}), 1);
  EXPECT_EQ(of({make_unknown(), make_broken(), make_passed()}), 255);
  RunResult interrupted = make_unknown();
  interrupted.interrupted = true;
  EXPECT_EQ(of({make_unknown(), interrupted}), 130);
  EXPECT_EQ(of({make_failed(), interrupted}), 1);
  EXPECT_EQ(of({make_broken(), interrupted}), 255);
}

TEST(ExitCode, InterruptedBeforeAnythingWasRecorded) {
  RunResult run = make_broken();
  run.interrupted = true;
  EXPECT_EQ(of({run}), 130);
}

TEST(ExitCode, InterruptedBetweenTwoRuns) {
  SuiteResult suite = make_suite({make_passed()});
  suite.interrupted = true;
  EXPECT_EQ(exit_code(suite, {}), 130);
}

TEST(ExitCode, SuiteThatBrokeOff) {
  SuiteResult suite = make_suite({make_passed()});
  suite.problem = "No space left on device";
  EXPECT_EQ(exit_code(suite, {}), 255);
  suite.runs.push_back(make_failed());
  EXPECT_EQ(exit_code(suite, {}), 1);
}

TEST(ExitCode, WhatIsNotUndoneHidesNoViolation) {
  RunResult passed = make_passed(), failed = make_failed(), interrupted = make_broken();
  for (RunResult* run : {&passed, &failed, &interrupted}) run->not_undone = "n2: is mounted";
  interrupted.interrupted = true;
  EXPECT_EQ(of({passed}), 255);
  EXPECT_EQ(of({failed}), 1);
  EXPECT_EQ(of({interrupted}), 255);
}

TEST(ExitCode, SkippedMayBeAllowed) {
  EXPECT_EQ(of({make_skipped()}, {.allow_skip = true}), 0);
  EXPECT_EQ(of({make_skipped(), make_unknown()}, {.allow_skip = true}), 2);
}

TEST(ExitCode, NotRunMayBeAllowed) {
  RunResult late = make_skipped();
  late.status = RunStatus::not_run;
  EXPECT_EQ(of({late}), 2);
  EXPECT_EQ(of({late}, {.allow_skip = true}), 2);
  EXPECT_EQ(of({late}, {.allow_not_run = true}), 0);
  EXPECT_EQ(of({late, make_failed()}, {.allow_not_run = true}), 1);
}

// Each word counts what the one before counts, and more.
TEST(ExitCode, FailOnIsALadder) {
  RunResult page = make_failed(), known = testing::make_known(), built_to_fail = make_failed();
  page.scenario.set = "page";
  const auto codes = [&](const RunResult& run) {
    std::vector<int> all;
    for (const FailOn fail_on :
         {FailOn::unexpected, FailOn::known, FailOn::violation, FailOn::unknown})
      all.push_back(of({run}, {.fail_on = fail_on}));
    return all;
  };
  using Codes = std::vector<int>;
  EXPECT_EQ(codes(page), (Codes{1, 1, 1, 1}));
  EXPECT_EQ(codes(known), (Codes{0, 1, 1, 1}));
  EXPECT_EQ(codes(built_to_fail), (Codes{0, 0, 1, 1}));
  EXPECT_EQ(codes(make_unknown()), (Codes{2, 2, 2, 1}));
  EXPECT_EQ(codes(make_passed()), (Codes{0, 0, 0, 0}));
  EXPECT_EQ(codes(make_skipped()), (Codes{2, 2, 2, 2}));
  EXPECT_EQ(codes(make_broken()), (Codes{255, 255, 255, 255}));
  built_to_fail.judgement.verdict = Verdict::pass;
  EXPECT_EQ(codes(built_to_fail), (Codes{1, 1, 0, 0}));
}

TEST(ExitCode, KnownIssueMayBeExpected) {
  const ExitPolicy unexpected{.fail_on = FailOn::unexpected};
  RunResult known = make_failed();
  known.scenario.set = "known-issue";
  EXPECT_EQ(of({known}), 1);
  EXPECT_EQ(of({known}, unexpected), 0);
  known.scenario.known_issue = {
      "nats-server#6888", "https://example.org/6888", "2.10.7 - 2.10.22", {"lost"}};
  known.broker_version = "2.10.22";
  EXPECT_EQ(of({known}), 1);
  EXPECT_EQ(of({known}, unexpected), 0);
  known.broker_version = "2.10.23";
  EXPECT_EQ(of({known}, unexpected), 1);
  known.broker_version = "2.10.7";
  RunResult built_to_fail = make_failed();
  EXPECT_EQ(of({built_to_fail}, unexpected), 0);
  built_to_fail.judgement.verdict = Verdict::pass;
  EXPECT_EQ(of({built_to_fail}, unexpected), 1);
  RunResult page = make_failed();
  page.scenario.set = "page";
  EXPECT_EQ(of({page, known}, unexpected), 1);
}

}  // namespace
}  // namespace faultline
