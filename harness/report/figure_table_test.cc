#include "harness/report/figure_table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "harness/report/testing.h"

namespace faultline {
namespace {

using testing::make_suite;

TEST(FigureTable, DocumentedBesideObserved) {
  const std::string table = figure_table(make_suite({testing::make_passed()}));
  EXPECT_NE(table.find("1.3     pause       pause     continue    pause     none  none     pass\n"),
            std::string::npos)
      << table;
}

TEST(FigureTable, SaysWhyItIsNoPass) {
  const std::string table = figure_table(
      make_suite({testing::make_failed(), testing::make_skipped(), testing::make_broken()}));
  EXPECT_NE(table.find("1204     fail\n"), std::string::npos) << table;
  EXPECT_NE(table.find("lost 1204 of 9876"), std::string::npos) << table;
  EXPECT_NE(table.find("needs root"), std::string::npos) << table;
  EXPECT_NE(table.find("port 4222 is taken"), std::string::npos) << table;
}

TEST(FigureTable, SaysThatAFailureIsKnown) {
  const std::string table = figure_table(make_suite({testing::make_known()}));
  EXPECT_NE(table.find("1204     fail\n"), std::string::npos) << table;
  EXPECT_NE(table.find("known: nats-server#6888 (https://example.org/issues/6888)\n"),
            std::string::npos)
      << table;
}

TEST(FigureTable, SaysHowManyFiguresOfThePageRan) {
  RunResult of_the_page = testing::make_passed(), beyond_the_page = testing::make_passed();
  beyond_the_page.scenario.figure = "";
  const auto broken = testing::make_broken(), skipped = testing::make_skipped();
  const std::string table =
      figure_table(make_suite({of_the_page, beyond_the_page, broken, skipped, skipped}));
  EXPECT_NE(table.find("\n2 of the page's 18 figures ran, 2 skipped\n"), std::string::npos)
      << table;
  const std::string whole = figure_table(make_suite({of_the_page, broken}));
  EXPECT_EQ(whole.find("figures ran"), std::string::npos) << whole;
}

TEST(FigureTable, IsAtMostEightyColumnsWide) {
  RunResult run = testing::make_failed();
  run.scenario.name = std::string(70, 'n');
  run.scenario.title = std::string(300, 't');
  run.scenario.expectations.reads = run.scenario.expectations.writes = Promise::keeps_on;
  for (CheckResult& check : run.judgement.checks) check.observed = "continue";
  run.judgement.checks[0].counts = {{"lost", 18'446'744'073'709'551'615u}};
  run.judgement.summary = std::string(200, 's') + " " + std::string(200, 's');
  RunResult interrupted = testing::make_unknown();
  interrupted.interrupted = true;
  interrupted.scenario.figure = "";
  std::istringstream lines(figure_table(make_suite({run, interrupted})));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(FigureTable, MillionsAreRounded) {
  RunResult run = testing::make_failed();
  run.judgement.checks[0].counts = {{"lost", 12'345'678}};
  EXPECT_NE(figure_table(make_suite({run})).find("12.3M "), std::string::npos);
}

TEST(FigureTable, LossThatWasNotJudgedIsNotNone) {
  RunResult run = testing::make_unknown();
  run.judgement.checks[0].observed = "unknown";
  EXPECT_NE(figure_table(make_suite({run})).find("none  unknown  unknown\n"), std::string::npos)
      << figure_table(make_suite({run}));
}

}  // namespace
}  // namespace faultline
