#include "harness/runs/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <thread>

#include "harness/runs/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using testing::make_record;
using testing::ResultsFolder;

SQLite::Database raw(const ResultsFolder& results) {
  return SQLite::Database((results.path() / runs_database_name).string(),
                          SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
}

std::string refusal(const ResultsFolder& results) {
  try {
    RunsDatabase database(results.path());
    database.runs();
    return "accepted";
  } catch (const RunsError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
}

// In a process of its own, which never returns to the tests.
template <typename Work>
pid_t in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
    ::_exit(0);
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    ::_exit(1);
  }
}

int status_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(RunsDatabase, GivesBackWhatItGot) {
  const ResultsFolder results;
  RunRecord run = make_record("s", "fail", 100);
  run.name = "it's <b>\"bold\"</b>; DROP TABLE runs;--\xff";
  run.reason = std::string("a\0b", 3);
  run.seed = std::numeric_limits<std::uint64_t>::max();
  run.figures.write_gap = 0.1;
  run.checks.push_back({"", Verdict::unknown, false, "'", ""});
  RunsDatabase(results.path()).add(run);
  EXPECT_EQ(RunsDatabase(results.path()).runs(), std::vector<RunRecord>{run});
}

TEST(RunsDatabase, ARunIsThereOnce) {
  const ResultsFolder results;
  RunsDatabase database(results.path());
  database.add(make_record("s", "fail", 100));
  database.add(make_record("s", "pass", 100));
  ASSERT_EQ(database.runs().size(), 1u);
  EXPECT_TRUE(database.runs()[0].passed());
  EXPECT_TRUE(database.runs()[0].checks.empty());
  database.remove("s", "broker-leader");
  database.remove("s", "broker-leader");
  EXPECT_TRUE(database.runs().empty());
  EXPECT_EQ(raw(results).execAndGet("SELECT count(*) FROM checks").getInt(), 0);
}

TEST(RunsDatabase, TwoProcessesAddAtOnce) {
  const ResultsFolder results;
  constexpr int each = 40;
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child)
    children.push_back(in_child([&] {
      for (int i = 0; i < each; ++i)
        RunsDatabase(results.path())
            .add(make_record(std::to_string(child) + "-" + std::to_string(i), "fail", i));
    }));
  for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
  RunsDatabase database(results.path());
  EXPECT_EQ(database.runs().size(), 2u * each);
  EXPECT_EQ(database.damage(), "");
}

// The child tells of each run once it is committed; then SIGKILL comes at any moment.
TEST(RunsDatabase, SurvivesBeingKilledAtAnyMoment) {
  const std::uint64_t seed = testing::test_seed();
  std::mt19937_64 random(seed);
  const ResultsFolder results;
  std::size_t committed = 0, told_by_all = 0;
  for (int round = 0; round < 40; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = in_child([&] {
      RunsDatabase database(results.path());
      for (int i = 0;; ++i) {
        RunRecord run = make_record(std::to_string(round) + "-" + std::to_string(i), "fail", i);
        run.reason.assign(400'000, 'x');  // a hundred pages
        database.add(run);
        if (::write(pipe[1], "+", 1) != 1) return;
      }
    });
    ::close(pipe[1]);
    // So many are waited for, however slow the machine is; in a few rounds not even the first.
    const std::size_t awaited = random() % 4 == 0 ? 0 : 1 + random() % 4;
    std::size_t told = 0;
    for (char one; told < awaited && ::read(pipe[0], &one, 1) == 1;) ++told;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    ::kill(child, SIGKILL);
    EXPECT_TRUE(WIFSIGNALED(status_of(child)));
    for (char one; ::read(pipe[0], &one, 1) == 1;) ++told;
    ::close(pipe[0]);
    told_by_all += told;

    RunsDatabase database(results.path());
    ASSERT_EQ(database.damage(), "") << "round " << round;
    const std::vector<RunRecord> runs = database.runs();
    // One may be committed whose telling was cut off.
    ASSERT_GE(runs.size(), committed + told) << "round " << round;
    ASSERT_LE(runs.size(), committed + told + 1) << "round " << round;
    for (const RunRecord& run : runs) ASSERT_EQ(run.checks.size(), 1u);
    committed = runs.size();
  }
  EXPECT_GT(told_by_all, 40u) << "the children were killed before they did anything";
}

TEST(RunsDatabase, ADamagedFileIsRefusedAndKeptAside) {
  const ResultsFolder results;
  const fs::path file = results.write(runs_database_name, "this is no database at all, is it? ...");
  const std::string line = refusal(results);
  EXPECT_NE(line.find("is damaged"), std::string::npos) << line;
  EXPECT_NE(line.find("faultline runs --rebuild"), std::string::npos) << line;
  EXPECT_THROW(RunsDatabase(results.path(), RunsDatabase::Mode::memory), RunsError);
  EXPECT_EQ(put_damaged_aside(results.path()), file.string() + ".damaged-1");
  EXPECT_TRUE(fs::exists(file.string() + ".damaged-1"));
  EXPECT_EQ(put_damaged_aside(results.path()), "");
  EXPECT_EQ(refusal(results), "accepted");
  EXPECT_EQ(put_damaged_aside(results.path()), "") << "a whole one stays";
  EXPECT_TRUE(fs::exists(file));
}

TEST(RunsDatabase, DamageInTheMiddleIsSeen) {
  const ResultsFolder results;
  {
    RunsDatabase database(results.path());
    for (int i = 0; i < 50; ++i) {
      RunRecord run = make_record(std::to_string(i), "fail", i);
      run.reason.assign(5'000, 'x');
      database.add(run);
    }
  }
  const fs::path file = results.path() / runs_database_name;
  std::fstream content(file, std::ios::in | std::ios::out | std::ios::binary);
  content.seekp(8'192);
  content << std::string(static_cast<std::size_t>(fs::file_size(file)) / 2, '\xee');
  content.close();
  EXPECT_FALSE(put_damaged_aside(results.path()).empty());
}

TEST(RunsDatabase, AnOlderOneIsMadeAnew) {
  const ResultsFolder results;
  {
    RunsDatabase database(results.path());
    database.add(make_record("s", "pass", 1));
  }
  raw(results).exec(
      "DROP TABLE checks; ALTER TABLE runs RENAME TO \"old \"\"runs\"; PRAGMA user_version = 0");
  RunsDatabase database(results.path());
  EXPECT_TRUE(database.runs().empty()) << "the run folders fill it";
  database.add(make_record("s", "pass", 1));
  EXPECT_EQ(database.runs().size(), 1u);
}

TEST(RunsDatabase, ANewerOneIsRefused) {
  const ResultsFolder results;
  { RunsDatabase database(results.path()); }
  raw(results).exec("PRAGMA user_version = 999");
  EXPECT_NE(refusal(results).find("of a newer faultline (version 999"), std::string::npos)
      << refusal(results);
  EXPECT_THROW(RunsDatabase(results.path(), RunsDatabase::Mode::memory), RunsError);
}

TEST(RunsDatabase, SomebodyElsesIsLeftAlone) {
  const ResultsFolder results;
  raw(results).exec("CREATE TABLE precious (x); INSERT INTO precious VALUES (1)");
  EXPECT_NE(refusal(results).find("of another program"), std::string::npos) << refusal(results);
  EXPECT_EQ(raw(results).execAndGet("SELECT count(*) FROM precious").getInt(), 1);
}

TEST(RunsDatabase, AnEmptyFileIsANewOne) {
  const ResultsFolder results;
  results.write(runs_database_name, "");
  EXPECT_EQ(refusal(results), "accepted");
}

TEST(RunsDatabase, ACopyInMemoryChangesNoFile) {
  const ResultsFolder results;
  RunsDatabase(results.path()).add(make_record("s", "pass", 1));
  RunsDatabase copy(results.path(), RunsDatabase::Mode::memory);
  copy.add(make_record("t", "pass", 2));
  EXPECT_EQ(copy.runs().size(), 2u);
  EXPECT_EQ(RunsDatabase(results.path()).runs().size(), 1u);
  const ResultsFolder empty;
  EXPECT_TRUE(RunsDatabase(empty.path(), RunsDatabase::Mode::memory).runs().empty());
  EXPECT_TRUE(fs::is_empty(empty.path()));
}

// A user's runs could not be added after one of `sudo faultline run`.
TEST(RunsDatabase, RootLeavesItToTheFoldersOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const ResultsFolder results;
  ASSERT_EQ(::chown(results.path().c_str(), 65534, 65534), 0);
  { RunsDatabase database(results.path()); }
  struct stat status {};
  ASSERT_EQ(::stat((results.path() / runs_database_name).c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 65534u);
}

TEST(RunsDatabase, AFullDiskIsOneLineAndLosesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small file system needs root";
  const ResultsFolder results;
  ASSERT_EQ(::mount("none", results.path().c_str(), "tmpfs", 0, "size=256k"), 0);
  std::size_t added = 0;
  {
    RunsDatabase database(results.path());
    std::string problem;
    while (problem.empty() && added < 1'000) try {
        RunRecord run = make_record(std::to_string(added), "fail", 1);
        run.reason.assign(5'000, 'x');
        database.add(run);
        ++added;
      } catch (const RunsError& error) {
        problem = error.what();
      }
    EXPECT_NE(problem.find("full"), std::string::npos) << problem;
    EXPECT_EQ(problem.find('\n'), std::string::npos) << problem;
    EXPECT_EQ(database.runs().size(), added);
    EXPECT_EQ(database.damage(), "");
  }
  EXPECT_GT(added, 5u);
  ASSERT_EQ(::umount(results.path().c_str()), 0);
}

}  // namespace
}  // namespace faultline
