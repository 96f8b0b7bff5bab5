#include "harness/runs/compare.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/runs/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using testing::make_record;
using testing::ResultsFolder;

ComparedSide side(const std::string& suite,
                  const std::vector<std::pair<std::string, std::string>>& runs) {
  ComparedSide side{suite, false, {}};
  for (const auto& [name, outcome] : runs)
    side.runs.push_back(make_record(suite, outcome, 100, name));
  return side;
}

TEST(Compare, VerdictChangesComeFirst) {
  const ComparedSide before =
      side("a", {{"fixed", "fail"}, {"gone", "pass"}, {"new", "pass"}, {"same", "fail"}});
  const ComparedSide after =
      side("b", {{"fixed", "pass"}, {"fresh", "fail"}, {"new", "fail"}, {"same", "fail"}});
  const std::vector<ComparedRuns> pairs = compare(before, after);
  std::string order;
  for (const ComparedRuns& pair : pairs)
    order += (pair.after ? pair.after->name : pair.before->name) + (pair.new_failure ? "! " : " ");
  EXPECT_EQ(order, "fresh! new! fixed gone same ");
  EXPECT_TRUE(has_new_failure(pairs));
  EXPECT_FALSE(has_new_failure(compare(before, before)));
  EXPECT_FALSE(has_new_failure(compare(after, side("b", {{"new", "fail"}}))));
  const std::string text = show_comparison(before, after, pairs);
  EXPECT_NE(text.find("pass -> fail  NEW FAILURE"), std::string::npos) << text;
  EXPECT_NE(text.find("1 of 5 unchanged"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(comparison_json(before, after, pairs));
  EXPECT_TRUE(json["new_failure"]);
  EXPECT_TRUE(json["pairs"][0]["before"].is_null());
}

// It was called new, as the retry has another name.
TEST(Compare, AFailureThatGoesOnInARetryIsNotNew) {
  const ResultsFolder results;
  RunResult broken = testing::make_broken(), retry = testing::make_failed();
  broken.retried_as = "x-retry-1";
  retry.retried = {{"x", "n2 exited"}};
  results.add("a", "x", testing::make_failed());
  results.add("b", "x", broken);
  results.add("b", "x-retry-1", retry);
  const ComparedSide before = read_side(results.path(), "a"),
                     after = read_side(results.path(), "b");
  for (const auto& pairs : {compare(before, after), compare(after, before)}) {
    ASSERT_EQ(pairs.size(), 1u);
    EXPECT_FALSE(has_new_failure(pairs));
  }
}

TEST(Compare, ASideWhoseBrokersAreNotKnownEndsWithoutASemicolon) {
  ComparedSide before = side("a", {{"x", "skipped"}});
  before.runs[0].broker_version.clear();
  const std::string text = show_comparison(before, before, compare(before, before));
  EXPECT_NE(text.find("A  a: 1 run, 0 passed, 0 failed\n"), std::string::npos) << text;
}

TEST(Compare, AFailureOfAnotherCheckIsNew) {
  const ComparedSide before = side("a", {{"x", "fail"}});
  ComparedSide after = side("b", {{"x", "fail"}});
  after.runs[0].checks.push_back({"duplicate", Verdict::fail, false, "", ""});
  EXPECT_FALSE(has_new_failure(compare(before, after))) << "it is not judged";
  after.runs[0].checks.back().judged = true;
  const auto pairs = compare(before, after);
  EXPECT_TRUE(has_new_failure(pairs));
  ASSERT_EQ(pairs[0].checks.size(), 1u);
  EXPECT_FALSE(pairs[0].checks[0].before);
}

TEST(Compare, FiguresMoveByAQuarterAndByWhatMatters) {
  ComparedSide before = side("a", {{"x", "pass"}}), after = side("b", {{"x", "pass"}});
  RunFigures &old = before.runs[0].figures, &now = after.runs[0].figures;
  old.write_gap = 4e9, now.write_gap = 4.6e9;  // 15 %
  old.read_gap = 1e7, now.read_gap = 9e7;      // 80 ms
  old.write_p99 = 3e6, now.write_p99 = 3e7;    // moved
  old.write_rate = 190, now.write_rate = 100;  // moved
  old.read_p99 = 1e6;                          // not measured since
  const auto pairs = compare(before, after);
  ASSERT_EQ(pairs[0].moved.size(), 2u);
  EXPECT_STREQ(pairs[0].moved[0].kind->name, "write_p99_ns");
  EXPECT_STREQ(pairs[0].moved[1].kind->name, "write_rate");
  after.runs[0].outcome = "interrupted";
  EXPECT_TRUE(compare(before, after)[0].moved.empty()) << "it was cut short";
  EXPECT_FALSE(has_new_failure(pairs));
  EXPECT_NE(show_comparison(before, after, pairs).find("3.00 ms -> 30.0 ms"), std::string::npos)
      << show_comparison(before, after, pairs);
}

TEST(Compare, FindsSuitesAndRuns) {
  const ResultsFolder results;
  results.add("20261101T000000Z-0001", "x", testing::make_passed());
  results.add("20261102T000000Z-0001", "x", testing::make_failed());
  results.add("20261103T000000Z-0001", "x", testing::make_passed());
  results.point_latest_to("20261102T000000Z-0001");  // the third was moved in
  const auto title = [&](const std::string& what) { return read_side(results.path(), what).title; };
  EXPECT_EQ(title("latest"), "20261102T000000Z-0001");
  EXPECT_EQ(title("latest~0"), "20261102T000000Z-0001");
  EXPECT_EQ(title("latest~1"), "20261101T000000Z-0001");
  EXPECT_EQ(title("latest~1/x"), "20261101T000000Z-0001/x");
  EXPECT_EQ(title("20261103T000000Z-0001"), "20261103T000000Z-0001");
  EXPECT_EQ(title((results.path() / "latest").string()), "20261102T000000Z-0001");
  EXPECT_EQ(title((results.path() / "latest" / "x").string()), "20261102T000000Z-0001/x");
}

TEST(Compare, BadInputIsOneLine) {
  const ResultsFolder results;
  results.add("a", "x", testing::make_passed());
  fs::create_directories(results.path() / "empty");
  const auto refused = [&](const std::string& what) {
    try {
      read_side(results.path(), what);
      ADD_FAILURE() << "accepted: " << what;
    } catch (const RunsError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  };
  refused("latest");
  results.point_latest_to("a");
  for (const char* what : {"", "latest~1", "latest~x", "latest~", "latest~-1",
                           "latest~99999999999999999999", "b", "latest/y", "empty", "a\nb"})
    refused(what);
  EXPECT_THROW(compare(read_side(results.path(), "a"), read_side(results.path(), "a/x")),
               RunsError);
}

TEST(Compare, FitsEightyColumnsWhateverTheNames) {
  std::mt19937_64 random(testing::test_seed());
  for (int round = 0; round < 50; ++round) {
    ComparedSide before = side("a", {{"x", "pass"}}), after = side("b", {{"x", "fail"}});
    before.runs[0].broker_version += testing::random_text(random);
    after.runs[0].scenario = std::string(60, 's') + testing::random_text(random);
    after.runs[0].checks[0].check += testing::random_text(random) + std::string(90, 'c');
    after.runs[0].checks[0].reason += testing::random_text(random) + std::string(200, 'r');
    std::istringstream lines(show_comparison(before, after, compare(before, after)));
    for (std::string one; std::getline(lines, one);) {
      EXPECT_LE(std::ranges::count_if(one, [](char c) { return (c & 0xC0) != 0x80; }), 80) << one;
      EXPECT_EQ(one.find('\x1b'), one.npos) << one;
    }
  }
}

}  // namespace
}  // namespace faultline
