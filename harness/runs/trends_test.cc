#include "harness/runs/trends.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/runs/database.h"
#include "harness/runs/index.h"
#include "harness/runs/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using testing::make_record;
using testing::ResultsFolder;

// One run per outcome, an hour apart from one another.
std::vector<RunRecord> line(const std::vector<std::string>& outcomes,
                            const std::string& scenario = "broker-leader") {
  std::vector<RunRecord> runs;
  for (const std::string& outcome : outcomes)
    runs.push_back(make_record("s" + std::to_string(runs.size()), outcome,
                               3'600 * static_cast<std::int64_t>(runs.size() + 1), scenario));
  return runs;
}

Standing standing_of(const std::vector<std::string>& outcomes) {
  const std::vector<RunRecord> runs = line(outcomes);
  return trends(runs, 0).at(0).standing;
}

TEST(Trends, Standings) {
  EXPECT_EQ(standing_of({"fail"}), Standing::new_failure);
  EXPECT_EQ(standing_of({"pass", "fail"}), Standing::new_failure);
  EXPECT_EQ(standing_of({"fail", "fail"}), Standing::continuing);
  EXPECT_EQ(standing_of({"fail", "pass"}), Standing::fixed);
  EXPECT_EQ(standing_of({"fail", "pass", "pass"}), Standing::passing);
  EXPECT_EQ(standing_of({"unknown", "skipped"}), Standing::unproven);
}

// A run that proves nothing makes a failure neither new nor fixed.
TEST(Trends, WhatProvesNothingChangesNothing) {
  for (const char* outcome : {"unknown", "skipped", "broken", "interrupted"}) {
    EXPECT_EQ(standing_of({"fail", outcome, "fail"}), Standing::continuing) << outcome;
    EXPECT_EQ(standing_of({"fail", outcome}), Standing::new_failure) << outcome;
    EXPECT_EQ(standing_of({"pass", outcome, "fail", outcome}), Standing::new_failure) << outcome;
  }
}

TEST(Trends, AnotherVersionOrProviderIsAnotherLine) {
  std::vector<RunRecord> runs = line({"pass", "fail", "fail"});
  runs[1].broker_version = "2.13.0";
  runs[2].provider = "kind";
  EXPECT_EQ(trends(runs, 0).size(), 3u);
}

// A run that was skipped, or whose broker never came up, was a line of its own.
TEST(Trends, WhatKnowsNoVersionIsOfTheOnlyOne) {
  std::vector<RunRecord> runs = line({"pass", "skipped", "fail"});
  runs[1].broker_version.clear();
  const std::vector<Trend> one = trends(runs, 0);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].runs, (std::vector<const RunRecord*>{&runs[0], &runs[1], &runs[2]}));
  runs[2].broker_version = "2.13.0";
  EXPECT_EQ(trends(runs, 0).size(), 3u) << "whose it is nobody knows";
}

TEST(Trends, CountsWithinTheWindowAndJudgesByAll) {
  const std::vector<RunRecord> runs = line({"pass", "fail", "unknown", "broken", "fail"});
  const auto found = trends(runs, 2 * 3'600 * second + 1);
  ASSERT_EQ(found.size(), 1u);
  const Trend& trend = found[0];
  EXPECT_EQ(trend.runs.size(), 3u);
  EXPECT_EQ(trend.passed, 0u);
  EXPECT_EQ(trend.failed, 1u);
  EXPECT_EQ(trend.unknown, 1u);
  EXPECT_EQ(trend.others, 1u);
  EXPECT_FALSE(trend.flaky);
  EXPECT_EQ(trend.standing, Standing::continuing) << "the failure before lies outside";
  EXPECT_EQ(trend.streak, 2u);
  EXPECT_EQ(trend.first_failure, &runs[1]);
  EXPECT_TRUE(trends(runs, 0)[0].flaky);
  EXPECT_TRUE(trends(runs, 100 * 3'600 * second).empty());
}

TEST(Trends, SinceWhen) {
  const auto last = [](const std::vector<RunRecord>& runs) {
    return *since_when(runs.back(), runs);
  };
  EXPECT_EQ(last(line({"fail"})), "first run of this scenario here");
  EXPECT_EQ(last(line({"unknown", "fail"})), "first run of this scenario here");
  EXPECT_EQ(last(line({"fail", "pass", "unknown", "fail"})),
            "new: passed in the previous run (1970-01-01T02:00:00Z, suite s1)");
  EXPECT_EQ(last(line({"pass", "fail", "broken", "fail", "fail"})),
            "continuing since 1970-01-01T02:00:00Z (3 runs)");
  EXPECT_FALSE(since_when(line({"pass"})[0], {}));
  std::vector<RunRecord> other = line({"fail", "fail"});
  other[1].checks.push_back({"availability.writes", Verdict::fail, true, "", ""});
  EXPECT_EQ(last(other),
            "continuing since 1970-01-01T01:00:00Z (2 runs); new in this one: availability.writes");
}

// What came after does not count: the page of an old run still says what was so then.
TEST(Trends, SinceWhenOfAnOldRun) {
  const std::vector<RunRecord> runs = line({"pass", "fail", "fail"});
  EXPECT_TRUE(since_when(runs[1], runs)->starts_with("new: ")) << *since_when(runs[1], runs);
}

TEST(Trends, SinceWhenOfAFolder) {
  const ResultsFolder results;
  RunResult passed = testing::make_passed();
  passed.scenario.name = "x";
  RunResult failed = testing::make_failed();
  failed.scenario.name = "x";
  failed.wall_clock += second;
  ASSERT_EQ(add_run(results.add("a", "x", passed)), "");
  const fs::path folder = results.add("b", "x", failed);
  EXPECT_TRUE(since_when(folder).value_or("").starts_with("new: ")) << "it is not added yet";
  ASSERT_EQ(add_run(folder), "");
  results.point_latest_to("b");
  EXPECT_EQ(since_when(results.path() / "latest" / "x"),
            "new: passed in the previous run (2026-11-22T23:01:31Z, suite a)");
  EXPECT_FALSE(since_when(results.path() / "a" / "x"));
  EXPECT_FALSE(since_when("/no/such/run"));
  fs::remove(results.path() / runs_database_name);
  EXPECT_FALSE(since_when(folder));
  results.write(runs_database_name, "damaged");
  EXPECT_FALSE(since_when(folder));
}

TEST(Trends, FitEightyColumnsWhateverTheNames) {
  std::mt19937_64 random(testing::test_seed());
  for (int round = 0; round < 50; ++round) {
    std::vector<RunRecord> runs = line({"pass", "fail", "fail", "pass", "fail"});
    for (RunRecord& run : runs) {
      run.scenario = std::string(40, 'n') + (round % 2 ? "" : testing::random_text(random));
      run.provider += std::string(20, 'p');
      run.known_issue = testing::random_text(random);
      run.figures.write_gap = static_cast<double>(random() % 200) * 1e9;
      run.figures.write_p99 = static_cast<double>(random() % 200) * 1e6;
    }
    const std::string text = show_trends(trends(runs, 0), "30d");
    std::istringstream lines(text);
    for (std::string one; std::getline(lines, one);) {
      const auto columns = std::ranges::count_if(one, [](char c) { return (c & 0xC0) != 0x80; });
      EXPECT_LE(columns, 80) << one;
      EXPECT_EQ(one.find('\x1b'), one.npos) << one;
    }
    EXPECT_TRUE(nlohmann::json::accept(trends_json(trends(runs, 0), "30d")));
  }
}

TEST(Trends, FailuresComeFirst) {
  std::vector<RunRecord> runs = line({"pass", "pass"}, "a");
  for (const auto& more : {line({"fail", "pass"}, "b"), line({"fail", "fail"}, "c"),
                           line({"pass", "fail"}, "d"), line({"skipped"}, "e")})
    runs.insert(runs.end(), more.begin(), more.end());
  std::string order;
  for (const Trend& trend : trends(runs, 0)) order += trend.newest->scenario;
  EXPECT_EQ(order, "dcbae");
  EXPECT_EQ(trends(runs, 0, "c").size(), 1u);
  const std::string text = show_trends(trends(runs, 0), "30d");
  EXPECT_LT(text.find("New failures"), text.find("Continuing failures")) << text;
  const auto json = nlohmann::json::parse(trends_json(trends(runs, 0), "30d"));
  EXPECT_EQ(json["trends"][0]["standing"], "new");
  EXPECT_EQ(json["trends"][0]["failing_since"]["suite"], "s1");
}

TEST(Trends, FiguresInTheirOrder) {
  std::vector<RunRecord> runs;
  for (const char* figure : {"1.10", "1.9", "", "2.1"}) {
    runs.push_back(make_record("s", "pass", 1, std::string("x") + figure));
    runs.back().figure = figure;
  }
  std::string order;
  for (const Trend& trend : trends(runs, 0)) order += trend.newest->figure + " ";
  EXPECT_EQ(order, "1.9 1.10 2.1  ");
  EXPECT_EQ(trends(runs, 0, "1.9").size(), 1u);
}

}  // namespace
}  // namespace faultline
