#include "harness/report/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "harness/report/testing.h"

namespace faultline {
namespace {

TEST(KnownIssue, IsSaidOfAFailureOfAVersionThatHasIt) {
  EXPECT_EQ(known_issue_line(testing::make_known()),
            "known: nats-server#6888 (https://example.org/issues/6888)");
  RunResult fixed = testing::make_known();
  fixed.broker_version = "2.10.23";
  EXPECT_EQ(known_issue_line(fixed), "");
  RunResult nameless = testing::make_known();
  nameless.broker_version = "";
  EXPECT_EQ(known_issue_line(nameless), "");
  RunResult passed = testing::make_known();
  passed.judgement.verdict = Verdict::pass;
  EXPECT_EQ(known_issue_line(passed), "");
  RunResult broken = testing::make_known();
  broken.status = RunStatus::broken;
  EXPECT_EQ(known_issue_line(broken), "");
  EXPECT_EQ(known_issue_line(testing::make_failed()), "");
}

TEST(KnownIssue, OfLossExplainsNoCrash) {
  RunResult run = testing::make_known();
  CheckResult crash;
  crash.check = "crash";
  crash.verdict = Verdict::fail;
  crash.judged = false;
  run.judgement.checks.push_back(crash);
  EXPECT_NE(known_issue_line(run), "");
  run.judgement.checks.back().judged = true;
  EXPECT_EQ(known_issue_line(run), "");
}

TEST(Words, WhatIsNotUndoneIsSaid) {
  RunResult run = testing::make_passed();
  run.not_undone = "n2: is mounted";
  EXPECT_EQ(outcome_word(run), "broken");
  EXPECT_EQ(reason_line(run),
            run.judgement.summary + "; not undone, try 'faultline heal': n2: is mounted");
  run = testing::make_failed();
  run.not_undone = "n2: is mounted";
  EXPECT_EQ(outcome_word(run), "fail");
}

TEST(Wrap, BreaksAtBlanks) {
  EXPECT_EQ(wrap("the final read did not finish", 22, 2), "  the final read did\n  not finish\n");
}

TEST(Wrap, KeepsLinesAndSilencesControlCharacters) {
  EXPECT_EQ(wrap("one\ntwo\x1b[31m", 80, 0), "one\ntwo [31m\n");
}

TEST(Wrap, HangingLinesAreFurtherIn) {
  EXPECT_EQ(wrap_hanging("the final read did not finish", 24, 2),
            "  the final read did\n    not finish\n");
}

TEST(Wrap, LeavesNoBlanksAtTheEndOfALine) {
  EXPECT_EQ(wrap("gap 0.0 s   broker-kill", 14, 2), "  gap 0.0 s\n  broker-kill\n");
}

TEST(Wrap, EmptyTextIsAnEmptyLine) { EXPECT_EQ(wrap("", 80, 0), "\n"); }

TEST(Wrap, NoLineIsTooLongAndNoLetterIsLost) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int trial = 0; trial < 1000; ++trial) {
    std::string text;
    for (std::size_t left = random() % 300; left > 0; --left) text += random() % 7 == 0 ? ' ' : 'x';
    const std::size_t columns = 30 + random() % 60, indent = random() % 10;
    const std::string wrapped = wrap(text, columns, indent);
    std::istringstream lines(wrapped);
    for (std::string line; std::getline(lines, line);) ASSERT_LE(line.size(), columns) << text;
    ASSERT_EQ(std::ranges::count(wrapped, 'x'), std::ranges::count(text, 'x'));
  }
}

TEST(Words, ViolationIsAViolationEvenIfInterrupted) {
  RunResult run = testing::make_failed();
  run.interrupted = true;
  EXPECT_EQ(outcome_word(run), "fail");
  run = testing::make_passed();
  run.interrupted = true;
  EXPECT_EQ(outcome_word(run), "interrupted");
}

TEST(Words, Times) {
  EXPECT_EQ(format_clock(std::chrono::milliseconds(42'900)), "0:42");
  EXPECT_EQ(format_clock(std::chrono::hours(1)), "1:00:00");
  EXPECT_EQ(format_utc(0), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace faultline
