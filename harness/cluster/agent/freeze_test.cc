#include "harness/cluster/agent/freeze.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "harness/cluster/agent/mount_table.h"
#include "harness/cluster/agent/testing.h"
#include "harness/cluster/testing.h"

namespace faultline::agent {
namespace {

using namespace std::chrono_literals;
using faultline::testing::eventually;
using Clock = std::chrono::steady_clock;

constexpr auto never = 10min;  // longer than any test; but an end, whatever goes wrong

class FreezeTest : public AttachedImage {
 protected:
  void TearDown() override {
    if (!folder.empty()) thaw(point);
    AttachedImage::TearDown();
  }

  // Its lock on the folder goes with it.
  bool has_watchdog() const {
    const int root = ::open(point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool free = ::flock(root, LOCK_EX | LOCK_NB) == 0;
    ::close(root);
    return !free;
  }

  // Not by the watchdog, nor by thaw().
  void thaw_by_hand() const {
    const int root = ::open(point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EXPECT_EQ(::ioctl(root, FITHAW, 0), 0);
    ::close(root);
  }

  bool is_over() const {
    return eventually([&] { return !frozen(point) && !has_watchdog(); });
  }
};
FAULTLINE_ON_EACH_FILE_SYSTEM(FreezeTest);

// A process that does something, and waits to be killed.
class Other {
 public:
  explicit Other(const std::function<void()>& work = [] {}) {
    int done[2];
    EXPECT_EQ(::pipe(done), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(done[0]);
      try {
        work();
      } catch (const std::exception&) {
        ::_exit(1);
      }
      [[maybe_unused]] const auto told = ::write(done[1], "y", 1);
      for (;;) ::pause();
    }
    ::close(done[1]);
    char told = 'n';
    EXPECT_EQ(::read(done[0], &told, 1), 1);
    ::close(done[0]);
  }
  ~Other() { kill(); }

  pid_t pid() const { return pid_; }
  void kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

TEST_P(FreezeTest, WritesHangReadsGoOnAndAfterTheThawAllIsThere) {
  std::ofstream(point + "/before") << "here";
  EXPECT_FALSE(frozen(point));
  EXPECT_EQ(hang_problem(point, 60s), "the write succeeded");
  freeze(point, never);
  EXPECT_TRUE(frozen(point));
  EXPECT_EQ(hang_problem(point, 1s), "");
  std::string read;
  std::ifstream(point + "/before") >> read;
  EXPECT_EQ(read, "here");
  thaw(point);
  EXPECT_FALSE(frozen(point));
  EXPECT_FALSE(has_watchdog());
  EXPECT_EQ(hang_problem(point, 60s), "the write succeeded");
  thaw(point);
}

// Not even SIGKILL ends who writes, which is why it must be a process of its own.
TEST_P(FreezeTest, WhoWritesEndsByItselfAfterTheThaw) {
  freeze(point, never);
  EXPECT_EQ(hang_problem(point, 100ms), "");
  EXPECT_EQ(hang_problem(point, 100ms), "");
  thaw(point);
  detach(image);  // nobody holds it
}

TEST_P(FreezeTest, TheLimitThaws) {
  const auto begin = Clock::now();
  freeze(point, 1s);
  EXPECT_TRUE(is_over());
  EXPECT_GE(Clock::now() - begin, 1s);
}

TEST_P(FreezeTest, TheEndOfTheOwnerThaws) {
  Other owner;
  freeze(point, never, owner.pid());
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(frozen(point));
  owner.kill();
  EXPECT_TRUE(is_over());
}

TEST_P(FreezeTest, ThawedByHandTheWatchdogEnds) {
  freeze(point, never);
  thaw_by_hand();
  EXPECT_TRUE(is_over());
}

TEST_P(FreezeTest, TheWatchdogOutlivesTheOneThatFroze) {
  Other freezer([&] { freeze(point, 1s); });
  freezer.kill();
  EXPECT_TRUE(is_over());
}

TEST_P(FreezeTest, AskedToEndItThaws) {
  freeze(point, never);
  for (const auto& process : users(point)) ::kill(std::stoi(process), SIGTERM);
  EXPECT_TRUE(is_over());
}

TEST_P(FreezeTest, WhereItIsNotFrozenInTheEndTheWatchdogEnds) {
  shut_down(point, 0);  // from then on it cannot be frozen
  EXPECT_NE(said([&] { freeze(point, never); }), "");
  attach(image, point);  // nobody holds it
  EXPECT_FALSE(has_watchdog());
}

TEST_P(FreezeTest, WhatIsFrozenIsNotFrozenTwice) {
  freeze(point, never);
  EXPECT_EQ(said([&] { freeze(point, never); }), point + " is frozen already");
  EXPECT_TRUE(frozen(point));
}

TEST_P(FreezeTest, WithoutItsOwnerNothingIsFrozen) {
  Other owner;
  const auto gone = owner.pid();
  owner.kill();
  const auto complaint = said([&] { freeze(point, never, gone); });
  EXPECT_NE(complaint.find("the owner, process " + std::to_string(gone)), std::string::npos)
      << complaint;
  EXPECT_TRUE(is_over());
}

TEST_P(FreezeTest, AFrozenOneIsBusy) {
  freeze(point, never);
  const auto complaint = said([&] { detach(image); });
  EXPECT_NE(complaint.find(point + " is busy: "), std::string::npos) << complaint;
}

TEST_P(FreezeTest, WhereNothingIsMountedNothingIsFrozen) {
  detach(image);
  EXPECT_EQ(said([&] { freeze(point, never); }), "nothing is mounted at " + point);
  EXPECT_EQ(said([&] { hang_problem(point, 1s); }), "nothing is mounted at " + point);
  EXPECT_FALSE(frozen(point));
  thaw(point);
}

}  // namespace
}  // namespace faultline::agent
