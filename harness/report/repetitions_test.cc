#include "harness/report/repetitions.h"

#include <gtest/gtest.h>

#include "harness/report/figure_table.h"
#include "harness/report/page/index.h"
#include "harness/report/page/page.h"
#include "harness/report/testing.h"

namespace faultline {
namespace {

using testing::make_suite;

// Number `number` of ten runs of one scenario.
RunResult numbered(RunResult run, std::uint64_t number, std::uint64_t of = 10) {
  run.scenario = testing::make_passed().scenario;
  run.repetition = number;
  run.repetitions = of;
  run.seed = 41 + number;
  run.folder = "/results/suite/broker-leader-" + std::to_string(number);
  return run;
}

SuiteResult three_of_ten_fail() {
  std::vector<RunResult> runs;
  for (std::uint64_t number = 1; number <= 10; ++number)
    runs.push_back(
        numbered(number % 4 == 2 ? testing::make_failed() : testing::make_passed(), number));
  return make_suite(std::move(runs));
}

TEST(Repetitions, OfOneScenarioAreOne) {
  const SuiteResult suite = three_of_ten_fail();
  const auto rows = by_scenario(suite);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].outcome(), "fail");
  EXPECT_EQ(rows[0].worst().repetition, 2u);
  EXPECT_EQ(rows[0].share(), "3 of 10");
  EXPECT_EQ(rows[0].sentence(),
            "failed 3 of 10, passed 7: broker-leader-2 (seed 43), broker-leader-6 (seed 47), "
            "broker-leader-10 (seed 51)");
}

TEST(Repetitions, WhatWasNotRepeatedIsByItself) {
  const SuiteResult suite = make_suite({testing::make_passed(), testing::make_passed()});
  const auto rows = by_scenario(suite);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].sentence() + rows[0].share(), "");
}

TEST(Repetitions, PassOnlyWhereAllThatWereAskedForPassed) {
  std::vector<RunResult> runs;
  for (std::uint64_t number = 1; number <= 3; ++number)
    runs.push_back(numbered(testing::make_passed(), number, 3));
  SuiteResult suite = make_suite(runs);
  EXPECT_EQ(by_scenario(suite)[0].outcome(), "pass");
  EXPECT_EQ(by_scenario(suite)[0].sentence(), "passed 3 of 3");
  suite.runs.pop_back();  // interrupted before the third
  EXPECT_EQ(by_scenario(suite)[0].outcome(), "not run");
  EXPECT_EQ(by_scenario(suite)[0].sentence(), "not run 1 of 3, passed 2");
  EXPECT_NE(figure_table(suite).find("not run 1/3\n"), std::string::npos) << figure_table(suite);
}

TEST(Repetitions, TablesShowTheWorstOfEachColumnAndCount) {
  SuiteResult suite = three_of_ten_fail();
  suite.runs[4].judgement.checks[1].observed = "stop";  // of one that passed
  const std::string table = figure_table(suite);
  EXPECT_NE(table.find("1.3     pause       stop      continue    pause     none  1204     fail "
                       "3/10\n"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("failed 3 of 10, passed 7"), std::string::npos) << table;
  for (const std::string& page : {suite_markdown(suite), suite_page(suite)})
    EXPECT_NE(page.find("3 of 10"), std::string::npos) << page;
  EXPECT_NE(suite_page(suite).find("<a href=\"broker-leader-5/report.html\">stop</a>"),
            std::string::npos)
      << suite_page(suite);
  EXPECT_EQ(suite_markdown(suite, Links::none).find("report.html"), std::string::npos);
  EXPECT_NE(suite_page(suite).find("aria-label=\"Run 7: pass\""), std::string::npos);
}

TEST(Repetitions, RetriesAreSaidInEveryTable) {
  RunResult run = testing::make_passed();
  run.retried = {{"broker-leader", "n2 exited at start"}};
  const SuiteResult suite = make_suite({run});
  for (const std::string& page : {figure_table(suite), suite_markdown(suite), suite_page(suite)}) {
    EXPECT_NE(page.find("after 1 retry"), std::string::npos) << page;
    EXPECT_NE(page.find("n2 exited at start"), std::string::npos) << page;
  }
}

TEST(Repetitions, ThePageOfARunSaysWhichItIs) {
  PageContent content;
  content.run = numbered(testing::make_passed(), 3);
  content.run.retried = {{"broker-leader-3", "n2 <exited>"}};
  std::string page = run_page(content);
  EXPECT_NE(page.find("Run 3 of 10 of this scenario"), std::string::npos);
  EXPECT_NE(page.find("in broker-leader-3 the harness broke: n2 &lt;exited&gt;"),
            std::string::npos);
  content.run = testing::make_broken();
  content.run.retried_as = "broker-leader-retry-1";
  page = run_page(content);
  EXPECT_NE(page.find("ran it again: broker-leader-retry-1."), std::string::npos);
}

// It makes a night red, and no table named it.
TEST(Repetitions, WhatWasBuiltToFailAndPassedIsNamedWithTheReason) {
  RunResult run = testing::make_passed();
  run.scenario.set = "built-to-fail";
  SuiteResult suite = make_suite({run});
  for (const std::string& page : {figure_table(suite), suite_markdown(suite), suite_page(suite)})
    EXPECT_NE(page.find("built to fail, and did not"), std::string::npos) << page;
  suite = three_of_ten_fail();
  for (RunResult& one : suite.runs) one.scenario.set = "built-to-fail";
  for (std::size_t i = 2; i < suite.runs.size(); ++i)
    suite.runs[i].judgement = suite.runs[1].judgement;
  EXPECT_TRUE(by_scenario(suite)[0].sentence().ends_with(
      "; built to fail, and did not: broker-leader-1 (seed 42)"))
      << by_scenario(suite)[0].sentence();
}

TEST(Repetitions, NotRunIsNeitherSkippedNorPassed) {
  RunResult late = testing::make_skipped();
  late.status = RunStatus::not_run;
  late.reason = "not begun within the time limit of 90m";
  const std::string table = figure_table(make_suite({testing::make_passed(), late}));
  EXPECT_NE(table.find("none  -        not run\n"), std::string::npos) << table;
  EXPECT_NE(table.find("\n1 of the page's 18 figures ran, 1 not run\n"), std::string::npos)
      << table;
}

}  // namespace
}  // namespace faultline
