#include "harness/cluster/agent/file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "harness/cluster/program.h"
#include "harness/cluster/requirement_testing.h"

namespace faultline::agent {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Empty where it worked, else what the kernel said.
std::string write(const fs::path& path, const std::string& text, bool synced) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return std::strerror(errno);
  std::string problem;
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      (synced && ::fsync(file) != 0))
    problem = std::strerror(errno);
  ::close(file);
  return problem;
}

bool attached_anywhere(const std::string& image) {
  return !output_of({"losetup", "--noheadings", "--output", "NAME", "--associated", image}).empty();
}

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("root", ::geteuid() == 0 && fs::exists("/dev/loop-control"));
    FAULTLINE_NEEDS("root", !find_program("mkfs.ext4").empty());
    std::string name = (fs::temp_directory_path() / "faultline-agent-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    image = (folder / "image").string();
    point = (folder / "mounted").string();
    output_of({"truncate", "--size=32M", image});
    output_of({"mkfs.ext4", "-q", "-F", "-m", "0", image});
    attach(image, point);
  }

  void TearDown() override {
    if (folder.empty()) return;
    kill_holders(image);
    detach(image);
    EXPECT_FALSE(attached_anywhere(image));
    fs::remove_all(folder);
  }

  std::string said(const std::function<void()>& action) {
    try {
      action();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder;
  std::string image, point;
};

TEST_F(AgentTest, WhatWasWrittenIsThereAfterADetachAndAnAttach) {
  EXPECT_EQ(write(fs::path(point) / "kept", "hello", true), "");
  detach(image);
  EXPECT_FALSE(attached_anywhere(image));
  EXPECT_FALSE(fs::exists(fs::path(point) / "kept"));
  attach(image, point);
  EXPECT_EQ(content(fs::path(point) / "kept"), "hello");
}

TEST_F(AgentTest, AttachingTwiceIsAttachingOnce) {
  attach(image, point);
  detach(image);
  EXPECT_NE(said([&] { probe(point); }), "");
}

TEST_F(AgentTest, ShutDownWithFlag0_EveryAccessFailsAndNothingIsLost) {
  const int open_before = ::open((fs::path(point) / "open").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(open_before, 0);
  EXPECT_EQ(write(fs::path(point) / "unsynced", "here", false), "");
  probe(point);
  shut_down(point, 0);
  EXPECT_NE(said([&] { probe(point); }).find("Input/output error"), std::string::npos);
  EXPECT_EQ(::write(open_before, "x", 1), -1);
  EXPECT_EQ(errno, EIO);
  ::close(open_before);
  attach(image, point);  // sees that it is dead, and detaches first
  probe(point);
  EXPECT_EQ(content(fs::path(point) / "unsynced"), "here");
}

TEST_F(AgentTest, ShutDownWithFlag2_WhatWasNotSyncedIsGone) {
  EXPECT_EQ(write(fs::path(point) / "synced", "kept", true), "");
  EXPECT_EQ(write(fs::path(point) / "unsynced", "lost", false), "");
  shut_down(point, 2);
  detach(image);
  attach(image, point);
  EXPECT_EQ(content(fs::path(point) / "synced"), "kept");
  EXPECT_EQ(content(fs::path(point) / "unsynced"), "");
}

TEST_F(AgentTest, FilledToTheLastByte) {
  fill(point);
  EXPECT_TRUE(filled(point));
  EXPECT_EQ(write(fs::path(point) / "more", std::string(100'000, 'x'), true),
            "No space left on device");
  EXPECT_NE(said([&] { probe(point); }).find("No space left on device"), std::string::npos);
  unfill(point);
  unfill(point);
  EXPECT_FALSE(filled(point));
  probe(point);
}

TEST_F(AgentTest, WhoeverHoldsItIsNamedAndCanBeKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {  // as a container: its own mounts, with an open file
    const bool alone = ::unshare(CLONE_NEWNS) == 0 &&
                       ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    const int file = ::open((fs::path(point) / "held").c_str(), O_WRONLY | O_CREAT, 0600);
    const char ok = alone && file >= 0 ? 'y' : 'n';
    if (::write(ready[1], &ok, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char ok = 'n';
  ASSERT_EQ(::read(ready[0], &ok, 1), 1);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_EQ(ok, 'y');
  const auto killed = kill_holders(image);
  int status = 0;
  ::waitpid(holder, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  ASSERT_EQ(killed.size(), 1u);
  EXPECT_NE(killed[0].find("(pid " + std::to_string(holder) + ")"), std::string::npos);
  detach(image);
}

TEST_F(AgentTest, ABusyOneIsNotDetached) {
  const int file = ::open((fs::path(point) / "held").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  EXPECT_NE(said([&] { detach(image); }).find("is busy"), std::string::npos);
  ::close(file);
}

TEST_F(AgentTest, AnImageThatIsNotThereIsNotAttached) {
  detach(image + ".none");
  EXPECT_TRUE(kill_holders(image + ".none").empty());
  EXPECT_NE(said([&] { attach(image + ".none", point + ".none"); }), "");
}

TEST_F(AgentTest, WhereNothingIsMountedNothingIsTouched) {
  detach(image);
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { shut_down(point, 0); }, [&] { fill(point); }, [&] { probe(point); }})
    EXPECT_EQ(said(action), "nothing is mounted at " + point);
  EXPECT_TRUE(fs::is_empty(point));
}

}  // namespace
}  // namespace faultline::agent
