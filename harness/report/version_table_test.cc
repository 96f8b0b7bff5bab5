#include "harness/report/version_table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "harness/report/figure_table.h"
#include "harness/report/testing.h"

namespace faultline {
namespace {

using testing::make_suite;

RunResult on(const std::string& version, RunResult run = testing::make_passed()) {
  run.broker_version = version;
  return run;
}

RunResult named(const std::string& figure, RunResult run) {
  run.scenario.figure = figure;
  run.scenario.name = "scenario-" + figure;
  return run;
}

RunResult failed(RunResult run) {
  run.judgement.verdict = Verdict::fail;
  return run;
}

std::vector<RunResult> repeated(const RunResult& run, int passes, int failures) {
  std::vector<RunResult> runs;
  for (int i = 0; i < passes + failures; ++i) {
    runs.push_back(i < passes ? run : failed(run));
    runs.back().repetition = static_cast<std::uint64_t>(i) + 1;
    runs.back().repetitions = static_cast<std::uint64_t>(passes + failures);
  }
  return runs;
}

TEST(VersionTable, OneColumnPerVersion) {
  const auto suite = make_suite({named("1.3", on("2.10.22")), named("1.6", failed(on("2.10.22"))),
                                 named("1.3", on("2.12.1")), named("1.6", on("2.12.1"))});
  EXPECT_EQ(version_table(suite),
            "Figure  2.10.22  2.12.1\n"
            "1.3     pass     pass\n"
            "1.6     fail     pass\n");
  const std::string all = figure_table(suite);
  EXPECT_TRUE(all.starts_with(version_table(suite))) << all;
  EXPECT_NE(all.find("\n2.10.22\n"), all.npos) << all;
  EXPECT_NE(all.find("\n2.12.1\n"), all.npos) << all;
}

TEST(VersionTable, OfOneVersionThereIsNone) {
  EXPECT_EQ(version_table(make_suite({on("2.12.1"), on("2.12.1")})), "");
  EXPECT_EQ(version_table(make_suite({})), "");
}

TEST(VersionTable, CountsWhatWasRepeated) {
  SuiteResult suite = make_suite(repeated(named("1.6", on("2.10.22")), 1, 2));
  for (RunResult& run : repeated(named("1.6", on("2.12.1")), 3, 0)) suite.runs.push_back(run);
  EXPECT_EQ(version_table(suite),
            "Figure  2.10.22   2.12.1\n"
            "1.6     fail 2/3  pass 3/3\n");
}

TEST(VersionTable, WhatDidNotRunOnOneIsADash) {
  const auto suite = make_suite(
      {named("1.3", on("2.10.22")), named("1.3", on("2.12.1")), named("1.6", on("2.12.1"))});
  EXPECT_NE(version_table(suite).find("1.6     -        pass\n"), std::string::npos)
      << version_table(suite);
}

TEST(VersionTable, ProductsThatDifferAreNamed) {
  RunResult memphis = on("1.4.4");
  memphis.broker_product = "memphis";
  EXPECT_NE(version_table(make_suite({on("2.12.1"), memphis})).find("nats 2.12.1  memphis 1.4.4"),
            std::string::npos);
}

TEST(VersionTable, ManyVersionsStandBelowEachOther) {
  SuiteResult suite = make_suite({});
  for (int minor = 0; minor < 30; ++minor)
    suite.runs.push_back(on("2.10." + std::to_string(minor)));
  suite.runs[0].scenario.name = suite.runs[1].scenario.name = std::string(100, 'n');
  suite.runs[0].scenario.figure = suite.runs[1].scenario.figure = "";
  const std::string table = version_table(suite);
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  for (int minor = 0; minor < 30; ++minor)
    EXPECT_NE(table.find(" 2.10." + std::to_string(minor)), table.npos) << minor << "\n" << table;
}

// A run that broke before its broker came up does not know the version.
TEST(VersionTable, ABrokenRunBelongsToItsRepetitions) {
  auto runs = repeated(named("1.6", on("2.10.22")), 3, 0);
  runs[1] = testing::make_broken();
  runs[1].scenario = runs[0].scenario;
  runs[1].broker_version = "";
  runs[1].repetition = 2;
  runs[1].repetitions = 3;
  EXPECT_EQ(by_scenario(make_suite(runs)).size(), 1u);
}

}  // namespace
}  // namespace faultline
