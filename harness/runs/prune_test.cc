#include "harness/runs/prune.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "harness/report/results.h"
#include "harness/runs/folders.h"
#include "harness/runs/index.h"
#include "harness/runs/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using testing::make_record;
using testing::ResultsFolder;

constexpr std::int64_t now_s = 1'800'000'000;
constexpr std::int64_t now = now_s * second;
constexpr Duration day = 86'400 * second;

PruneCandidate candidate(const std::string& outcome, int days_old, std::uint64_t bytes = 10) {
  return {make_record("s" + std::to_string(days_old), outcome, now_s - days_old * 86'400), bytes,
          ""};
}

std::string chosen(const std::vector<PruneCandidate>& all, const PruneLimits& limits) {
  std::string suites;
  for (const std::size_t i : choose(all, limits, now)) suites += all[i].run.suite + " ";
  return suites;
}

TEST(Prune, ChoosesTheOldestThatDidNotFail) {
  const std::vector<PruneCandidate> all{candidate("fail", 100), candidate("pass", 95),
                                        candidate("unknown", 99), candidate("pass", 1),
                                        candidate("fail", 2)};
  PruneLimits limits;
  EXPECT_EQ(chosen(all, limits), "");
  limits.older_than = 90 * day;
  EXPECT_EQ(chosen(all, limits), "s99 s95 ");
  limits.failing_too = true;
  EXPECT_EQ(chosen(all, limits), "s99 s95 s100 ");
  limits = {};
  limits.keep = 3;
  EXPECT_EQ(chosen(all, limits), "s99 s95 ");
  limits.keep = 0;
  EXPECT_EQ(chosen(all, limits), "s99 s95 s1 ");
  limits.failing_too = true;
  EXPECT_EQ(chosen(all, limits), "s99 s95 s1 s100 s2 ");
  limits.keep = 1;
  EXPECT_EQ(chosen(all, limits), "s99 s95 s1 s100 ");
  limits = {};
  limits.max_size = 35;
  EXPECT_EQ(chosen(all, limits), "s99 s95 ");
}

// Property: what may not go never goes; no failing run of those that are too many goes while
// another stays; nothing more goes than was asked for.
TEST(Prune, ChoosesNoMoreThanAsked) {
  std::mt19937_64 random(testing::test_seed());
  for (int round = 0; round < 2'000; ++round) {
    std::vector<PruneCandidate> all;
    for (std::uint64_t i = random() % 12; i > 0; --i) {
      all.push_back(candidate(random() % 3 == 0 ? "fail" : "pass", static_cast<int>(random() % 50),
                              random() % 20));
      if (random() % 4 == 0) all.back().held = "of the latest suite";
    }
    PruneLimits limits;
    if (random() % 2) limits.older_than = static_cast<Duration>(random() % 50) * day;
    if (random() % 2) limits.keep = random() % 8;
    if (random() % 2) limits.max_size = random() % 100;
    limits.failing_too = random() % 2 == 0;
    const std::vector<std::size_t> order = choose(all, limits, now);
    const std::set<std::size_t> gone(order.begin(), order.end());
    ASSERT_EQ(gone.size(), order.size());
    std::size_t count = all.size();
    std::uint64_t bytes = 0;
    for (const PruneCandidate& one : all) bytes += one.bytes;
    for (const std::size_t i : order) {
      const bool old = limits.older_than && now - all[i].run.begin > *limits.older_than;
      ASSERT_TRUE(all[i].held.empty());
      ASSERT_TRUE(limits.failing_too || !all[i].run.failed());
      ASSERT_TRUE(old || (limits.keep && count > *limits.keep) ||
                  (limits.max_size && bytes > *limits.max_size));
      --count;
      bytes -= all[i].bytes;
      if (old || !all[i].run.failed()) continue;
      for (std::size_t j = 0; j < all.size(); ++j)
        ASSERT_TRUE(gone.contains(j) || !all[j].held.empty() || all[j].run.failed());
    }
    for (std::size_t j = 0; j < all.size(); ++j) {
      if (gone.contains(j) || !all[j].held.empty()) continue;
      if (all[j].run.failed() && !limits.failing_too) continue;
      ASSERT_TRUE(!limits.older_than || now - all[j].run.begin <= *limits.older_than);
      ASSERT_TRUE(!limits.keep || count <= *limits.keep);
      ASSERT_TRUE(!limits.max_size || bytes <= *limits.max_size);
    }
  }
}

class PruneFolders : public ::testing::Test {
 protected:
  void add(const std::string& suite, const std::string& name, bool fails = false) {
    RunResult run = fails ? testing::make_failed() : testing::make_passed();
    run.scenario.name = name;
    run.wall_clock = ++clock_ * second;
    results_.add(suite, name, run);
    results_.write(fs::path(suite) / name / "brokers" / "n1" / "nats.log",
                   std::string(10'000, 'x'));
  }
  Pruned prune_to(std::size_t keep, bool dry_run = false, bool failing_too = false) {
    PruneLimits limits;
    limits.keep = keep;
    limits.failing_too = failing_too;
    told_.clear();
    return prune(results_.path(), limits, now, dry_run,
                 [&](const std::string& line) { told_ += line + "\n"; });
  }
  bool there(const std::string& below) { return fs::exists(results_.path() / below); }
  std::size_t rows() { return RunsDatabase(results_.path()).runs().size(); }

  ResultsFolder results_;
  std::int64_t clock_ = 1'700'000'000;
  std::string told_;
};

TEST_F(PruneFolders, RemovesFoldersAndRows) {
  add("a", "one");
  add("a", "two", true);
  add("b", "three");
  add("c", "four");
  results_.point_latest_to("c");
  EXPECT_EQ(prune_to(0, true).runs, 2u);
  EXPECT_TRUE(there("a/one") && there("b/three"));
  const Pruned pruned = prune_to(0);
  EXPECT_EQ(pruned.runs, 2u);
  EXPECT_GE(pruned.bytes, 20'000u);
  EXPECT_NE(pruned.short_of.find("--failing-too"), std::string::npos) << pruned.short_of;
  EXPECT_FALSE(there("a/one"));
  EXPECT_FALSE(there("b")) << "a suite goes with its last run";
  EXPECT_TRUE(there("a/two") && there("c/four") && there("latest/four"));
  EXPECT_EQ(rows(), 2u);
  EXPECT_NE(told_.find("removing"), std::string::npos) << told_;
  const Pruned with_failing = prune_to(0, false, true);
  EXPECT_EQ(with_failing.runs, 1u);
  EXPECT_TRUE(with_failing.short_of.starts_with("1 run is left, more than 0: "))
      << with_failing.short_of;
  EXPECT_FALSE(there("a"));
  EXPECT_EQ(rows(), 1u);
}

TEST_F(PruneFolders, LeavesWhatIsUnderWayOrMounted) {
  add("a", "one");
  {
    const SuiteFolder suite(results_.path());
    add(suite.name(), "over");
    EXPECT_EQ(prune_to(0).runs, 1u);
    EXPECT_TRUE(there(suite.name() + "/over"));
  }
  if (::geteuid() == 0) {
    const fs::path volume = results_.write("d/mounted/brokers/n1/volume/x", "x").parent_path();
    ASSERT_EQ(::mount("none", volume.c_str(), "tmpfs", 0, "size=64k"), 0);
    std::ofstream(volume / "precious") << "x";
    prune_to(0);
    EXPECT_TRUE(fs::exists(volume / "precious"));
    ASSERT_EQ(::umount(volume.c_str()), 0);
  }
  prune_to(0);
  EXPECT_EQ(rows(), 0u);
}

TEST_F(PruneFolders, TouchesNothingThatIsNoRun) {
  add("a", "one");
  results_.write("photos/summer/beach.jpg", "");
  results_.write("notes.txt", "");
  const ResultsFolder elsewhere;
  elsewhere.write("precious", "x");
  fs::create_directory_symlink(elsewhere.path(), results_.path() / "link");
  fs::create_directory_symlink(elsewhere.path(), results_.path() / "a" / "one" / "link");
  EXPECT_EQ(prune_to(0).runs, 1u);
  EXPECT_TRUE(there("photos/summer/beach.jpg") && there("notes.txt") && there("link/precious"));
  EXPECT_FALSE(there("a"));
}

// Whatever was removed by then, the next one finishes it, and no run comes back as broken.
TEST_F(PruneFolders, AKillInTheMiddleIsMendedByTheNext) {
  std::mt19937_64 random(testing::test_seed());
  for (int round = 0; round < 15; ++round) {
    for (int i = 0; i < 8; ++i)
      add("a" + std::to_string(i % 3), "r" + std::to_string(i), i % 4 == 3);
    for (const RunFolder& run : run_folders(results_.path()))
      for (int file = 0; file < 100; ++file)  // so that removing takes its time
        results_.write(run.path / "brokers" / std::to_string(file), "");
    known_runs(results_.path());
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        PruneLimits limits;
        limits.keep = 3;
        prune(results_.path(), limits, now, false,
              [&](const std::string&) { (void)!::write(pipe[1], "+", 1); });
      } catch (...) {
      }
      ::_exit(0);
    }
    ::close(pipe[1]);
    char told = 0;  // that it begins
    EXPECT_EQ(::read(pipe[0], &told, 1), 1);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 4'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe[0]);
    for (const RunRecord& run : known_runs(results_.path()).runs)
      ASSERT_TRUE(run.proves()) << run.place() << ": " << run.reason;
    for (const RunFolder& run : run_folders(results_.path()))
      ASSERT_EQ(std::distance(fs::directory_iterator(run.path / "brokers"), {}), 101) << run.path;
    EXPECT_EQ(RunsDatabase(results_.path()).damage(), "");
    prune_to(3);
    EXPECT_EQ(rows(), 3u);
    EXPECT_EQ(run_folders(results_.path()).size(), 3u);
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(results_.path()))
      EXPECT_EQ(entry.path().filename().string().find(".pruned"), std::string::npos)
          << entry.path();
  }
}

TEST_F(PruneFolders, NoResultsIsOneLine) {
  EXPECT_THROW(prune("/no/such/results", {}, now, false, [](const std::string&) {}), RunsError);
}

}  // namespace
}  // namespace faultline
