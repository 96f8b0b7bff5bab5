#include "harness/runs/index.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "harness/report/results.h"
#include "harness/runs/folders.h"
#include "harness/runs/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using testing::ResultsFolder;

std::vector<RunRecord> runs_of(const ResultsFolder& results) {
  return RunsDatabase(results.path()).runs();
}

std::string bytes(const fs::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

// Property: whatever was run, adding one by one, bringing up to date and building anew agree.
TEST(RunIndex, RebuiltIsWhatWasAdded) {
  std::mt19937_64 random(testing::test_seed());
  for (int round = 0; round < 15; ++round) {
    const ResultsFolder results;
    const std::uint64_t suites = random() % 5;
    for (std::uint64_t s = 0; s < suites; ++s)
      for (std::uint64_t r = 0; r < random() % 6; ++r) {
        const std::string suite =
            "2026112" + std::to_string(s) + "T000000Z-000" + std::to_string(s);
        std::string name = "run" + std::to_string(r) + testing::random_text(random);
        std::erase(name, '/');
        fs::path folder;
        const auto kind = random() % 8;
        if (kind == 0)  // killed while it recorded
          testing::record_history(folder = results.path() / suite / name, random() % 2 == 0);
        else
          folder = results.add(suite, name, testing::random_result(random));
        if (kind == 1) testing::record_history(folder);
        if (kind == 2) results.write(fs::path(suite) / name / run_json_name, "{]");
        ASSERT_EQ(add_run(folder), "");
      }
    const std::vector<RunRecord> added = runs_of(results);
    RunsDatabase database(results.path());
    const IndexUpdate nothing = update(database, results.path());
    EXPECT_EQ(nothing.added, 0u);
    EXPECT_EQ(nothing.dropped, 0u);
    EXPECT_EQ(rebuild(results.path()).runs, added.size());
    ASSERT_EQ(runs_of(results), added) << "round " << round;
    fs::remove(results.path() / runs_database_name);
    EXPECT_EQ(known_runs(results.path()).runs, added);
    ASSERT_EQ(runs_of(results), added) << "round " << round;
  }
}

// Whoever looked left a runs.db in whatever folder they named.
TEST(RunIndex, LookingLeavesNothingWhereNoRunIs) {
  const ResultsFolder somewhere;
  somewhere.write("a/file", "x");
  EXPECT_TRUE(known_runs(somewhere.path()).runs.empty());
  EXPECT_EQ(rebuild(somewhere.path()).runs, 0u);
  EXPECT_FALSE(fs::exists(somewhere.path() / runs_database_name));
}

TEST(RunIndex, FollowsTheFolders) {
  const ResultsFolder results, elsewhere;
  results.add("a", "one", testing::make_passed());
  results.add("a", "two", testing::make_failed());
  EXPECT_EQ(known_runs(results.path()).update.added, 2u);
  fs::rename(elsewhere.add("b", "three", testing::make_passed()).parent_path(),
             results.path() / "b");
  fs::remove_all(results.path() / "a" / "one");
  const KnownRuns known = known_runs(results.path());
  EXPECT_EQ(known.update.added, 1u);
  EXPECT_EQ(known.update.dropped, 1u);
  ASSERT_EQ(known.runs.size(), 2u);
  EXPECT_EQ(known.runs[0].place(), "a/two");
  EXPECT_EQ(known.runs[1].place(), "b/three");
  fs::rename(results.path() / "b", results.path() / "c");
  results.add("a", "two", testing::make_passed());  // written again
  const std::vector<RunRecord> runs = known_runs(results.path()).runs;
  EXPECT_TRUE(runs[0].passed());
  EXPECT_EQ(runs[1].place(), "c/three");
}

TEST(RunIndex, LeavesOutWhatIsNoRun) {
  const ResultsFolder results;
  results.add("a", "one", testing::make_passed());
  results.point_latest_to("a");
  results.write("a/table.txt", "");
  results.write("a/notes/todo.txt", "");
  results.write("photos/summer/beach.jpg", "");
  results.write(".hidden/one/run.json", "{}");
  results.write("a/.pruned-two/run.json", "{}");
  fs::create_directories(results.path() / "photos" / "winter");
  fs::create_directories(results.path() / "a" / "killed" / "brokers" / "n1");
  std::vector<std::string> found;
  for (const RunFolder& run : run_folders(results.path()))
    found.push_back(run.suite + "/" + run.name);
  EXPECT_EQ(found, (std::vector<std::string>{"a/killed", "a/one"}));
}

TEST(RunIndex, WaitsForARunThatIsUnderWay) {
  const ResultsFolder results;
  {
    const SuiteFolder suite(results.path());
    testing::record_history(suite.make_run("broker-leader"), false);
    results.add(suite.name(), "over", testing::make_passed());
    EXPECT_TRUE(under_way(suite.path()));
    const std::vector<RunRecord> runs = known_runs(results.path()).runs;
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(runs[0].name, "over");
  }
  EXPECT_EQ(known_runs(results.path()).runs.size(), 2u) << "killed: kept with what is known";
}

TEST(RunIndex, ADamagedDatabaseIsRebuilt) {
  const ResultsFolder results;
  results.add("a", "one", testing::make_passed());
  const fs::path file =
      results.write(runs_database_name, "no database, but what somebody may want");
  EXPECT_NE(add_run(results.path() / "a" / "one").find("faultline runs --rebuild"),
            std::string::npos);
  EXPECT_THROW(known_runs(results.path()), RunsError);
  const Rebuilt rebuilt = rebuild(results.path());
  EXPECT_EQ(rebuilt.runs, 1u);
  EXPECT_EQ(bytes(rebuilt.aside), "no database, but what somebody may want");
  EXPECT_EQ(runs_of(results).size(), 1u);
}

TEST(RunIndex, AnOlderDatabaseIsFilledFromTheFolders) {
  const ResultsFolder results;
  results.add("a", "one", testing::make_passed());
  const std::vector<RunRecord> before = known_runs(results.path()).runs;
  const std::string change = "sqlite3 " + (results.path() / runs_database_name).string() +
                             " 'ALTER TABLE runs DROP COLUMN reason; PRAGMA user_version = 0'";
  if (std::system(change.c_str()) != 0) GTEST_SKIP() << "needs the sqlite3 program";
  EXPECT_EQ(known_runs(results.path()).runs, before);
}

TEST(RunIndex, AReadOnlyFolderIsReadAllTheSame) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  const ResultsFolder results;
  results.add("a", "one", testing::make_passed());
  known_runs(results.path());
  const fs::path two = results.add("a", "two", testing::make_failed());
  const char* path = results.path().c_str();
  ASSERT_EQ(::mount(path, path, nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::mount(path, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const KnownRuns known = known_runs(results.path());
  EXPECT_EQ(known.runs.size(), 2u);
  EXPECT_NE(known.note.find("not brought up to date"), std::string::npos) << known.note;
  EXPECT_EQ(known.note.find('\n'), std::string::npos) << known.note;
  EXPECT_NE(add_run(two).find("readonly"), std::string::npos) << add_run(two);
  ASSERT_EQ(::umount(path), 0);
  EXPECT_EQ(known_runs(results.path()).note, "");
}

TEST(RunIndex, NoSecretReachesTheDatabase) {
  const ResultsFolder results;
  RunResult broken = testing::make_broken();
  broken.reason = "cannot reach nats://admin:hunter2@10.0.0.1:4222";
  const fs::path folder = results.add("a", "one", broken);
  results.write("a/one/brokers/n1/nats.conf", "authorization { password: hunter2 }");
  results.write("a/one/brokers/n1/nats.log", "token hunter2");
  ASSERT_EQ(add_run(folder), "");
  EXPECT_EQ(bytes(results.path() / runs_database_name).find("hunter2"), std::string::npos);
}

TEST(RunIndex, NoResultsIsOneLine) {
  EXPECT_THROW(known_runs("/no/such/results"), RunsError);
  EXPECT_THROW(rebuild("/no/such/results"), RunsError);
  EXPECT_NE(add_run("/no/such/results/a/b"), "");
}

}  // namespace
}  // namespace faultline
