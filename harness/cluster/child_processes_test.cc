#include "harness/cluster/child_processes.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "harness/cluster/process_table.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using testing::eventually;

class ChildProcessesTest : public ::testing::Test {
 protected:
  Command shell(const std::string& script) const { return {"/bin/sh", {"-c", script}, log()}; }
  std::filesystem::path log() const { return folder_.path() / "log"; }

  std::string logged() const {
    std::ostringstream content;
    content << std::ifstream(log()).rdbuf();
    return content.str();
  }

  std::function<void(int, int)> noting() {
    return [this](int pid, int status) {
      const std::lock_guard lock(mutex_);
      exits_[pid] = status;
    };
  }

  bool exited(int pid) {
    const std::lock_guard lock(mutex_);
    return exits_.contains(pid);
  }
  int status(int pid) { return exits_.at(pid); }

  testing::TemporaryFolder folder_;
  std::mutex mutex_;
  std::map<int, int> exits_;
};

TEST_F(ChildProcessesTest, NotesHowEachEnded) {
  ChildProcesses children(noting());
  const int failing = children.start(shell("exit 7"));
  const int killed = children.start(shell("kill -9 $$"));
  ASSERT_TRUE(eventually([&] { return exited(failing) && exited(killed); }));
  EXPECT_EQ(WEXITSTATUS(status(failing)), 7);
  EXPECT_EQ(WTERMSIG(status(killed)), SIGKILL);
}

TEST_F(ChildProcessesTest, SignalsTheOneThatIsMeant) {
  ChildProcesses children(noting());
  const int one = children.start(shell("exec sleep 1000"));
  const int other = children.start(shell("exec sleep 1000"));
  children.signal(one, SIGKILL);
  ASSERT_TRUE(eventually([&] { return exited(one); }));
  children.signal(one, SIGKILL);  // reaped: no effect
  EXPECT_TRUE(process_start_time(other));
  EXPECT_FALSE(exited(other));
}

TEST_F(ChildProcessesTest, OneThatStandsStillIsNoneThatEnded) {
  ChildProcesses children(noting());
  const int pid = children.start(shell("exec sleep 1000"));
  children.signal(pid, SIGSTOP);
  EXPECT_TRUE(eventually([&] { return process_state(pid) == 'T'; }));
  EXPECT_FALSE(exited(pid));
  children.signal(pid, SIGCONT);
  EXPECT_TRUE(eventually([&] { return process_state(pid) == 'S'; }));
  children.signal(pid, SIGSTOP);
  children.signal(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return exited(pid); }));
  EXPECT_FALSE(process_state(pid));
}

TEST_F(ChildProcessesTest, LeavesNothingRunning) {
  int pid = 0;
  {
    ChildProcesses children(noting());
    pid = children.start(shell("exec sleep 1000"));
    EXPECT_TRUE(process_start_time(pid));
  }
  EXPECT_FALSE(process_start_time(pid));
  EXPECT_TRUE(exited(pid));
}

TEST_F(ChildProcessesTest, AppendsBothStreamsToTheLog) {
  ChildProcesses children(noting());
  for (const auto* word : {"first", "second"}) {
    const int pid = children.start(shell(std::string("echo out ") + word + "; echo err >&2"));
    ASSERT_TRUE(eventually([&] { return exited(pid); }));
  }
  EXPECT_EQ(logged(), "out first\nerr\nout second\nerr\n");
}

TEST_F(ChildProcessesTest, ChildIsAGroupOfItsOwnAndInheritsNoFiles) {
  const FileDescriptor inheritable(::dup(STDERR_FILENO));
  ASSERT_TRUE(inheritable);
  ChildProcesses children(noting());
  const int pid = children.start(shell("ls -l /proc/$$/fd; echo done; exec sleep 1000"));
  EXPECT_EQ(::getpgid(pid), pid);
  ASSERT_TRUE(eventually([&] { return logged().find("done") != std::string::npos; }));
  EXPECT_EQ(logged().find(" " + std::to_string(inheritable.get()) + " -> "), std::string::npos)
      << logged();
}

// PR_SET_PDEATHSIG follows the thread that forked.
TEST_F(ChildProcessesTest, OutlivesTheThreadThatAskedForIt) {
  ChildProcesses children(noting());
  int pid = 0;
  std::thread([&] { pid = children.start(shell("exec sleep 1000")); }).join();
  const int later = children.start(shell("sleep 0.2"));
  ASSERT_TRUE(eventually([&] { return exited(later); }));
  EXPECT_FALSE(exited(pid));
}

TEST_F(ChildProcessesTest, SaysWhyOneCannotBeStarted) {
  ChildProcesses children(noting());
  EXPECT_THROW(children.start({"/nowhere/at/all", {}, log()}), std::system_error);
  EXPECT_THROW(children.start({"/bin/true", {}, folder_.path() / "no" / "folder"}),
               std::system_error);
}

TEST(ProcessTable, StartTimeNamesAProcess) {
  const auto mine = process_start_time(::getpid());
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine, process_start_time(::getpid()));
  EXPECT_FALSE(process_start_time(-1));
  EXPECT_FALSE(process_start_time(0));
  const auto zombie = ::fork();
  if (zombie == 0) ::_exit(0);
  EXPECT_TRUE(eventually([&] { return !process_start_time(zombie); }));
  ::waitpid(zombie, nullptr, 0);
}

}  // namespace
}  // namespace faultline
