#include "faults/journal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cluster/agent/freeze.h"
#include "harness/cluster/agent/testing.h"
#include "harness/cluster/process_table.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

// A process that does nothing until it is ended.
class Sleeper {
 public:
  Sleeper() : pid_(::fork()) {
    if (pid_ == 0)
      for (;;) ::pause();
  }
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  int pid() const { return pid_; }
  bool alive() const { return process_start_time(pid_).has_value(); }

 private:
  int pid_;
};

// Where the test runs as root; it is root again afterwards.
class AnyUser {
 public:
  AnyUser() : before_(::geteuid()) {
    if (before_ == 0) become(65534);
  }
  ~AnyUser() { become(before_); }
  AnyUser(const AnyUser&) = delete;
  AnyUser& operator=(const AnyUser&) = delete;

 private:
  static void become(uid_t user) { EXPECT_EQ(::seteuid(user), 0); }

  const uid_t before_;
};

class JournalTest : public ::testing::Test {
 protected:
  const fs::path& folder() const { return folder_.path(); }
  fs::path file(const std::string& run) const { return folder() / (run + ".journal"); }

  std::string content(const std::string& run) const {
    std::ostringstream text;
    text << std::ifstream(file(run)).rdbuf();
    return text.str();
  }

  // What a run leaves that was killed.
  void leave_behind(const std::string& run, std::initializer_list<int> pids) {
    Journal journal(folder(), run);
    for (const int pid : pids) journal.process_started(pid, "nats n1");
  }

  void append(const std::string& run, const std::string& text) {
    std::ofstream(file(run), std::ios::app | std::ios::binary) << text;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(JournalTest, IsOneRecordALine) {
  const Sleeper broker;
  Journal journal(folder(), "run-1");
  journal.process_started(broker.pid(), "nats n2");
  journal.fault_striking("broker-kill", {"n1", "n2"});
  std::istringstream lines(content("run-1"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line).at("run"), "run-1");
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line),
            (nlohmann::json{{"process", broker.pid()},
                            {"start", *process_start_time(broker.pid())},
                            {"what", "nats n2"}}));
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line),
            (nlohmann::json{{"fault", "broker-kill"}, {"servers", {"n1", "n2"}}}));
  EXPECT_FALSE(std::getline(lines, line));
}

// Half a line of it stayed, and swallowed what was kept next.
TEST_F(JournalTest, ARecordThatADiskHadNoRoomForLeavesNoHalfOfIt) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  const auto disk = folder() / "disk";
  fs::create_directory(disk);
  ASSERT_EQ(::mount("none", disk.c_str(), "tmpfs", 0, "size=16k"), 0);
  {
    Journal journal(disk, "run-1");
    const std::string long_name(1000, 'x');
    EXPECT_THROW(for (int i = 0; i < 100; ++i) journal.fault_striking(long_name, {"n1"}),
                 std::system_error);
    ASSERT_EQ(::mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=1m"), 0);
    journal.fault_striking("broker-kill", {"n1"});
  }
  std::ifstream lines(disk / "run-1.journal");
  std::string line, last;
  while (std::getline(lines, line)) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line.substr(0, 40);
    last = line;
  }
  EXPECT_NE(last.find("broker-kill"), std::string::npos) << last;
  lines.close();
  EXPECT_EQ(::umount2(disk.c_str(), MNT_DETACH), 0);
}

TEST_F(JournalTest, FinishedOneIsGone) {
  Journal journal(folder(), "run-1");
  EXPECT_TRUE(fs::exists(file("run-1")));
  journal.finish();
  EXPECT_FALSE(fs::exists(file("run-1")));
  journal.finish();
  journal.fault_striking("broker-kill", {});  // ignored
  EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(JournalTest, UnfinishedOneIsNotOverwritten) {
  leave_behind("run-1", {});
  EXPECT_THROW(Journal(folder(), "run-1"), std::system_error);
  EXPECT_THROW(Journal("/proc/no", "run-1"), std::system_error);
}

TEST_F(JournalTest, HealEndsWhatAKilledRunLeft) {
  const Sleeper one, other;
  leave_behind("run-1", {one.pid(), other.pid()});
  const auto report = heal_leftovers(folder());
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.undone.size(), 3u);  // two processes, one journal
  EXPECT_FALSE(one.alive());
  EXPECT_FALSE(other.alive());
  EXPECT_TRUE(fs::is_empty(folder()));

  const auto again = heal_leftovers(folder());
  EXPECT_TRUE(again.clean() && again.undone.empty() && again.live.empty());
}

TEST_F(JournalTest, HealLeavesALiveRunAlone) {
  const Sleeper broker, left;
  Journal live(folder(), "run-2");
  live.process_started(broker.pid(), "nats n1");
  leave_behind("run-1", {left.pid()});
  const auto report = heal_leftovers(folder());
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.live, std::vector<std::string>{"run-2"});
  EXPECT_TRUE(broker.alive());
  EXPECT_FALSE(left.alive());
  EXPECT_TRUE(fs::exists(file("run-2")));
}

TEST_F(JournalTest, HealNeverHitsAnotherProcessWithTheSamePid) {
  const Sleeper innocent;
  leave_behind("run-1", {});
  append("run-1", nlohmann::json{{"process", innocent.pid()},
                                 {"start", *process_start_time(innocent.pid()) - 1},
                                 {"what", "nats n1"}}
                          .dump() +
                      "\n");
  EXPECT_TRUE(heal_leftovers(folder()).clean());
  EXPECT_TRUE(innocent.alive());
  EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(JournalTest, HealNeverHitsAProcessOfALaterBoot) {
  const Sleeper innocent;
  std::ofstream(file("run-1")) << nlohmann::json{{"journal", 1}, {"run", "run-1"}, {"boot", "x"}}
                               << "\n"
                               << nlohmann::json{{"process", innocent.pid()},
                                                 {"start", *process_start_time(innocent.pid())},
                                                 {"what", "nats n1"}}
                               << "\n";
  EXPECT_TRUE(heal_leftovers(folder()).clean());
  EXPECT_TRUE(innocent.alive());
}

TEST_F(JournalTest, TornLastLineIsNoObstacle) {
  const Sleeper left;
  leave_behind("run-1", {left.pid()});
  append("run-1", R"({"process":17,"sta)");
  EXPECT_TRUE(heal_leftovers(folder()).clean());
  EXPECT_FALSE(left.alive());
  EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(JournalTest, EmptyJournalIsRemoved) {
  std::ofstream(file("run-1")).flush();
  EXPECT_TRUE(heal_leftovers(folder()).clean());
  EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(JournalTest, HealGoesOnPastADamagedJournalAndKeepsIt) {
  const Sleeper first, second, third;
  leave_behind("run-1", {first.pid()});
  append("run-1", "not JSON\n[]\n{\"process\":\"x\"}\n");
  {
    std::ofstream file_of_run_1(file("run-1"), std::ios::app);
    file_of_run_1 << nlohmann::json{{"process", second.pid()},
                                    {"start", *process_start_time(second.pid())},
                                    {"what", "nats n2"}}
                  << "\n";
  }
  leave_behind("run-2", {third.pid()});
  const auto report = heal_leftovers(folder());
  ASSERT_EQ(report.failed.size(), 1u);
  EXPECT_NE(report.failed[0].find("run-1.journal"), std::string::npos) << report.failed[0];
  EXPECT_FALSE(first.alive());
  EXPECT_FALSE(second.alive());
  EXPECT_FALSE(third.alive());
  EXPECT_TRUE(fs::exists(file("run-1")));
  EXPECT_FALSE(fs::exists(file("run-2")));
}

TEST_F(JournalTest, HealComesBackToWhatCouldNotBeUndoneAtFirst) {
  const auto made = [this](const char* name) { return (folder() / name).string(); };
  {
    Journal journal(folder(), "run-1");
    const auto touch = [](const std::string& path) {
      return std::vector<std::string>{"touch", path};
    };
    journal.undo_first(
        {"the first is undone", {}, {{{"test", "-e", made("1")}, touch(made("1"))}}});
    journal.undo_first({"the second is undone",
                        {},
                        {{{"test", "-e", made("2")},
                          {"sh", "-c", "test -e " + made("1") + " && touch " + made("2")}}}});
  }
  const auto report = heal_leftovers(folder());
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.undone.size(), 3u);
  EXPECT_TRUE(fs::exists(made("2")));
  EXPECT_FALSE(fs::exists(file("run-1")));
}

TEST_F(JournalTest, HealGivesUpWhereNothingHelps) {
  {
    Journal journal(folder(), "run-1");
    journal.undo_first({"never", {}, {{{"false"}, {"false"}}}});
  }
  const auto report = heal_leftovers(folder());
  EXPECT_EQ(report.failed.size(), 1u);
  EXPECT_TRUE(report.undone.empty());
  EXPECT_TRUE(fs::exists(file("run-1")));
}

class JournalOfAFrozenDisk : public agent::AttachedImage {
 protected:
  void TearDown() override {
    if (!folder.empty()) agent::thaw(point);
    AttachedImage::TearDown();
  }
};
FAULTLINE_ON_EACH_FILE_SYSTEM(JournalOfAFrozenDisk);

// Not even SIGKILL ends it before.
TEST_P(JournalOfAFrozenDisk, HealEndsWhoWaitsForItAfterTheThaw) {
  const testing::TemporaryFolder state;
  agent::freeze(point, std::chrono::minutes(10));
  const pid_t writer = ::fork();
  if (writer == 0) {
    std::ofstream(point + "/written") << "text" << std::flush;
    for (;;) ::pause();
  }
  const auto thawed = (folder / "thawed").string();
  {
    Journal journal(state.path(), "run-1");
    journal.process_started(writer, "nats n1");
    journal.undo_first({"the volume of n1 is not frozen",
                        {},
                        {{{"test", "-e", thawed},
                          {"sh", "-c", "fsfreeze --unfreeze " + point + " && touch " + thawed}}}});
  }
  const auto report = heal_leftovers(state.path());
  EXPECT_TRUE(report.clean()) << (report.clean() ? "" : report.failed[0]);
  EXPECT_TRUE(std::ranges::any_of(report.undone, [](const std::string& line) {
    return line.find("the volume of n1 is not frozen") != std::string::npos;
  }));
  int status = 0;
  ::waitpid(writer, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(JournalTest, HealOfAMissingFolderIsClean) {
  const auto report = heal_leftovers(folder() / "none");
  EXPECT_TRUE(report.clean() && report.undone.empty() && report.live.empty());
}

// The lock goes with its owner even by SIGKILL, and a child does not keep it.
TEST_F(JournalTest, KilledOwnerLetsGo) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const auto owner = ::fork();
  if (owner == 0) {
    const Journal journal(folder(), "run-1");
    [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_EQ(heal_leftovers(folder()).live, std::vector<std::string>{"run-1"});
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(heal_leftovers(folder()).live.empty());
  EXPECT_TRUE(fs::is_empty(folder()));
}

class StateFolder : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const auto& [name, value] : before_)
      value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
  }
  void set(const char* name, const char* value) { ::setenv(name, value, 1); }

  static std::optional<std::string> now(const char* name) {
    const char* value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
  }

  const std::vector<std::pair<const char*, std::optional<std::string>>> before_{
      {"FAULTLINE_STATE_DIR", now("FAULTLINE_STATE_DIR")},
      {"XDG_STATE_HOME", now("XDG_STATE_HOME")},
      {"HOME", now("HOME")}};
};

// What only root can undo was looked for in whosever home it was, and not found.
TEST_F(StateFolder, OfRootIsTheSameWhoeverBecameRoot) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  set("FAULTLINE_STATE_DIR", "");
  set("XDG_STATE_HOME", "/b");
  set("HOME", "/c");
  EXPECT_EQ(state_folder(), root_state_folder);
  set("FAULTLINE_STATE_DIR", "/a");
  EXPECT_EQ(state_folder(), "/a");
}

TEST_F(StateFolder, IsTheFirstThatIsSet) {
  const AnyUser not_root;
  set("FAULTLINE_STATE_DIR", "/a");
  set("XDG_STATE_HOME", "/b");
  set("HOME", "/c");
  EXPECT_EQ(state_folder(), "/a");
  set("FAULTLINE_STATE_DIR", "");
  EXPECT_EQ(state_folder(), "/b/faultline");
  set("XDG_STATE_HOME", "");
  EXPECT_EQ(state_folder(), "/c/.local/state/faultline");
  set("HOME", "");
  EXPECT_THROW(state_folder(), std::system_error);
}

TEST_F(JournalTest, WhatOnlyRootCanTellIsNotClean) {
  EXPECT_EQ(left_to_root(folder() / "none"), "");
  EXPECT_EQ(left_to_root(folder()), "");
  leave_behind("run-1", {});
  EXPECT_NE(left_to_root(folder()).find("sudo faultline heal"), std::string::npos);
  fs::permissions(folder(), fs::perms::none);
  {
    const AnyUser not_root;
    EXPECT_NE(left_to_root(folder()).find("Permission denied"), std::string::npos);
  }
  fs::permissions(folder(), fs::perms::owner_all);
}

TEST_F(JournalTest, ASecondKeeperHasTheRecordBeforeTheChange) {
  Journal journal(folder(), "r");
  std::vector<std::string> kept;
  int finished = 0;
  journal.keep_also([&](const Undo& undo) { kept.push_back(undo.what); }, [&] { ++finished; });
  journal.undo_first({"w2 runs"});
  EXPECT_EQ(kept, std::vector<std::string>{"w2 runs"});
  EXPECT_NE(content("r").find("w2 runs"), std::string::npos);
  EXPECT_EQ(finished, 0);
  journal.finish();
  journal.finish();
  EXPECT_EQ(finished, 1);
}

TEST_F(JournalTest, WhatTheSecondKeeperCannotKeepIsNotDone) {
  Journal journal(folder(), "r");
  journal.keep_also([](const Undo&) { throw std::runtime_error("no answer"); }, [] {});
  EXPECT_THROW(journal.undo_first({"w2 runs"}), std::runtime_error);
}

}  // namespace
}  // namespace faultline
