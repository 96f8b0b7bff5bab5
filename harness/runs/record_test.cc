#include "harness/runs/record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/runs/commit.h"
#include "harness/runs/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using testing::ResultsFolder;

TEST(RunRecord, HasWhatRunJsonSays) {
  const ResultsFolder results;
  RunResult failed = testing::make_known();
  failed.catalogue_commit = std::string(40, 'a');
  failed.seed = std::numeric_limits<std::uint64_t>::max();
  failed.judgement.checks[1].counts = {
      {"longest_gap_ns", 4'100'000'000}, {"steady.ok", 1500}, {"steady.length_ns", 8'000'000'000}};
  const RunRecord run = read_run(results.add("s", "memory-storage", failed));
  EXPECT_EQ(run.place(), "s/memory-storage");
  EXPECT_EQ(run.scenario, "memory-storage");
  EXPECT_EQ(run.outcome, "fail");
  EXPECT_EQ(run.known_issue, "nats-server#6888");
  EXPECT_EQ(run.seed, failed.seed);
  EXPECT_EQ(run.begin, failed.wall_clock);
  EXPECT_EQ(run.elapsed, 72'345);
  EXPECT_EQ(run.catalogue_commit, failed.catalogue_commit);
  EXPECT_EQ(run.faultline_version, "0.1.0");
  EXPECT_EQ(run.failing(), std::vector<std::string>{"lost"});
  EXPECT_EQ(run.figures.write_gap, 4.1e9);
  EXPECT_EQ(run.figures.write_rate, 187.5);
  EXPECT_FALSE(run.figures.read_gap);
  EXPECT_FALSE(run.figures.write_p50);
}

TEST(RunRecord, MeasuresLatenciesInTheHistory) {
  const ResultsFolder results;
  const fs::path folder = results.add("s", "by-hand", testing::make_passed());
  testing::record_history(folder);
  const RunRecord run = read_run(folder);
  ASSERT_TRUE(run.figures.write_p50 && run.figures.write_p99 && run.figures.write_max);
  EXPECT_GT(*run.figures.write_p50, 0);
  EXPECT_LE(*run.figures.write_p50, *run.figures.write_p99);
  EXPECT_LE(*run.figures.write_p99, *run.figures.write_max);
  EXPECT_FALSE(run.figures.read_p50);
}

TEST(RunRecord, AKilledRunIsJudgedByItsHistory) {
  const ResultsFolder results;
  testing::record_history(results.path() / "s" / "x", false);
  const RunRecord run = read_run(results.path() / "s" / "x");
  EXPECT_EQ(run.scenario, "by-hand");
  EXPECT_EQ(run.provider, "local");
  EXPECT_EQ(run.broker_version, "2.12.15");
  EXPECT_EQ(run.seed, 7u);
  EXPECT_EQ(run.outcome, "unknown");
  EXPECT_TRUE(run.reason.starts_with("killed; ")) << run.reason;
  EXPECT_FALSE(run.checks.empty());
  EXPECT_TRUE(run.figures.write_p50);
}

TEST(RunRecord, ARunThatRecordedNothingIsBroken) {
  const ResultsFolder results;
  const fs::path folder = results.path() / "20261125T231057Z-4658" / "broker-all";
  fs::create_directories(folder);
  const RunRecord run = read_run(folder);
  EXPECT_EQ(run.outcome, "broken");
  EXPECT_EQ(run.scenario, "broker-all");
  EXPECT_EQ(run.begin, 1'795'648'257 * second);
  EXPECT_EQ(run.reason, "killed before it recorded anything");
}

TEST(RunRecord, AnotherFormatKeepsWhatIsKnown) {
  const ResultsFolder results;
  const fs::path file = results.write(
      fs::path("s") / "old" / run_json_name,
      R"({"schema":"faultline/run/v0","outcome":"fail","scenario":{"name":7,"figure":"1.3"},
          "versions":{"broker":"2.10.7"},"seed":"many","begin_ns":5,
          "judgement":{"verdict":"fail","checks":[{"check":"lost","verdict":"fail"},3,{"counts":1}]}})");
  const RunRecord run = read_run(file.parent_path());
  EXPECT_EQ(run.scenario, "old");
  EXPECT_EQ(run.figure, "1.3");
  EXPECT_EQ(run.broker_version, "2.10.7");
  EXPECT_EQ(run.seed, 0u);
  // What "fail" meant there is not known here.
  EXPECT_EQ(run.outcome, "unknown");
  EXPECT_TRUE(run.checks.empty());
  EXPECT_EQ(run.reason, "its run.json is of another version");
}

TEST(RunRecord, OfAnotherFormatTheHistoryIsJudged) {
  const ResultsFolder results;
  testing::record_history(results.path() / "s" / "x");
  results.write(fs::path("s") / "x" / run_json_name,
                R"({"schema":"faultline/run/v7","outcome":"splendid","elapsed_ms":5})");
  const RunRecord run = read_run(results.path() / "s" / "x");
  EXPECT_EQ(run.scenario, "by-hand");
  EXPECT_EQ(run.elapsed, 5);
  EXPECT_FALSE(run.checks.empty());
  EXPECT_TRUE(run.reason.starts_with("its run.json is of another version; of what it recorded: "))
      << run.reason;
}

TEST(RunRecord, GarbageIsNoMoreThanAFolder) {
  const ResultsFolder results;
  for (const char* content : {"", "\x01\x02", "[1]", "7", "{}", R"({"outcome":"splendid"})",
                              R"({"judgement":[],"scenario":null,"versions":3})"}) {
    const fs::path file = results.write(fs::path("s") / "x" / run_json_name, content);
    results.write(fs::path("s") / "x" / history_file_name, content);
    const RunRecord run = read_run(file.parent_path());
    EXPECT_EQ(run.scenario, "x") << content;
    EXPECT_TRUE(run.outcome == "broken" || run.outcome == "unknown") << content;
  }
}

TEST(RunRecord, SecretsAreRedacted) {
  const ResultsFolder results;
  RunResult run = testing::make_failed();
  run.judgement.summary = "cannot reach nats://user:hunter2@n1:4222";
  run.judgement.checks[0].reason = run.judgement.checks[0].observed = "--password=hunter2";
  const RunRecord record = read_run(results.add("s", "x", run));
  EXPECT_EQ(record.reason, "cannot reach nats://[redacted]@n1:4222");
  EXPECT_EQ(record.checks[0].reason, "--password=[redacted]");
  EXPECT_EQ(record.checks[0].observed, "--password=[redacted]");
}

TEST(RunRecord, CommitOfTheCatalogue) {
  const ResultsFolder results;
  EXPECT_EQ(commit_of(results.write("no-repository/a.yaml", "x")), "");
  EXPECT_EQ(commit_of(""), "");
  const std::string folder = (results.path() / "catalogue").string();
  const fs::path file = results.write("catalogue/a.yaml", "x");
  const auto git = [&](const std::string& arguments) {
    return std::system(
        ("git -C " + folder + " -c user.name=x -c user.email=x " + arguments + " >/dev/null 2>&1")
            .c_str());
  };
  if (git("init") != 0) GTEST_SKIP() << "git is not here";
  EXPECT_EQ(commit_of(file), "") << "nothing is committed";
  ASSERT_EQ(git("add ."), 0);
  ASSERT_EQ(git("commit -m x"), 0);
  EXPECT_EQ(commit_of(file).size(), 40u);
  results.write("catalogue/a.yaml", "y");
  EXPECT_TRUE(commit_of(file).ends_with("-dirty")) << commit_of(file);
}

}  // namespace
}  // namespace faultline
