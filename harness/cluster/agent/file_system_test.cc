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

#include "harness/cluster/agent/testing.h"

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

class FileSystemTest : public AttachedImage {
 protected:
  void TearDown() override {
    if (!folder.empty()) kill_holders(image);
    AttachedImage::TearDown();
  }
};
FAULTLINE_ON_EACH_FILE_SYSTEM(FileSystemTest);

TEST_P(FileSystemTest, WhatWasWrittenIsThereAfterADetachAndAnAttach) {
  EXPECT_EQ(write(fs::path(point) / "kept", "hello", true), "");
  detach(image);
  EXPECT_FALSE(attached_anywhere(image));
  EXPECT_FALSE(fs::exists(fs::path(point) / "kept"));
  attach(image, point);
  EXPECT_EQ(content(fs::path(point) / "kept"), "hello");
}

TEST_P(FileSystemTest, AttachingTwiceIsAttachingOnce) {
  attach(image, point);
  detach(image);
  EXPECT_NE(said([&] { probe(point); }), "");
}

TEST_P(FileSystemTest, WhereAnotherImageIsMountedItIsNotTakenForThisOne) {
  const auto other = (folder / "other").string();
  fs::copy_file(image, other);
  EXPECT_EQ(said([&] { attach(other, point); }),
            point + " has " + image + " mounted, not " + other);
  probe(point);  // which was left alone
}

TEST_P(FileSystemTest, ShutDownWithFlag0_EveryAccessFailsAndNothingIsLost) {
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

TEST_P(FileSystemTest, ShutDownWithFlag2_WhatWasNotSyncedIsGone) {
  EXPECT_EQ(write(fs::path(point) / "synced", "kept", true), "");
  EXPECT_EQ(write(fs::path(point) / "unsynced", "lost", false), "");
  shut_down(point, 2);
  detach(image);
  attach(image, point);
  EXPECT_EQ(content(fs::path(point) / "synced"), "kept");
  EXPECT_EQ(content(fs::path(point) / "unsynced"), "");
}

TEST_P(FileSystemTest, FilledToTheLastByte) {
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

TEST_P(FileSystemTest, WhoeverHoldsItIsNamedAndCanBeKilled) {
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

TEST_P(FileSystemTest, ABusyOneIsNotDetachedAndItsUsersAreNamed) {
  const int file = ::open((fs::path(point) / "held").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  const auto complaint = said([&] { detach(image); });
  ::close(file);
  EXPECT_NE(complaint.find(point + " is busy: "), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("(pid " + std::to_string(::getpid()) + ")"), std::string::npos)
      << complaint;
}

// As a service of systemd, which has mounts of its own and gets those of the machine.
class OtherNamespace {
 public:
  explicit OtherNamespace(unsigned long propagation) {
    int ready[2];
    if (::pipe(ready) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ready[0]);
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | propagation, nullptr) != 0)
        ::_exit(1);
      ::close(ready[1]);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char nothing = 0;
    if (::read(ready[0], &nothing, 1) != 0) throw std::runtime_error("no end of the pipe");
    ::close(ready[0]);
  }
  ~OtherNamespace() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string pid() const { return std::to_string(pid_); }

 private:
  pid_t pid_;
};

// It was refused because of services that had it mounted, and would have let it go.
TEST_P(FileSystemTest, NamespacesThatGotTheMountByPropagationLetItGo) {
  detach(image);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), 0);
  attach(image, point);
  const OtherNamespace service(MS_SLAVE);
  detach(image);
  EXPECT_FALSE(attached_anywhere(image));
}

TEST_P(FileSystemTest, WhoeverKeepsItAttachedIsNamed) {
  const OtherNamespace container(MS_PRIVATE);
  const auto complaint = said([&] { detach(image); });
  EXPECT_NE(complaint.find(image + " is still attached, used by "), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("(pid " + container.pid() + ")"), std::string::npos) << complaint;
  const auto refusal = said([&] { attach(image, point); });
  EXPECT_NE(refusal.find(image + " is attached already, to /dev/loop"), std::string::npos)
      << refusal;
  EXPECT_NE(refusal.find("(pid " + container.pid() + ")"), std::string::npos) << refusal;
}

TEST_P(FileSystemTest, AnImageIsNotAttachedTwice) {
  const auto other = point + "-elsewhere";
  const auto refusal = said([&] { attach(image, other); });
  EXPECT_NE(refusal.find(image + " is attached already, to /dev/loop"), std::string::npos)
      << refusal;
  EXPECT_NE(refusal.find(", mounted at " + point), std::string::npos) << refusal;
  EXPECT_FALSE(fs::exists(other));
}

TEST_P(FileSystemTest, WhatHoldsNoFileSystemIsNotAttached) {
  detach(image);
  std::ofstream(image, std::ios::trunc) << std::string(100'000, 'x');
  EXPECT_EQ(said([&] { attach(image, point); }), image + " holds neither ext4 nor XFS");
}

TEST_P(FileSystemTest, AnImageThatIsNotThereIsNotAttached) {
  detach(image + ".none");
  EXPECT_TRUE(kill_holders(image + ".none").empty());
  EXPECT_NE(said([&] { attach(image + ".none", point + ".none"); }), "");
  EXPECT_FALSE(fs::exists(point + ".none"));
}

// Whether it was removed was asked of its name, which is gone when its folder is moved.
class RemovalTest : public FileSystemTest {
 protected:
  void SetUp() override {
    FileSystemTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    detach(image);
    results = folder / "results";
    fs::create_directory(results);
    fs::rename(image, results / "image");
    image = (results / "image").string();
    attach(image, point);
  }

  // Of any image, of whatever name, in this test's folder.
  bool anything_attached() const {
    return output_of({"losetup", "--list", "--noheadings", "--output", "BACK-FILE"})
               .find(folder.string()) != std::string::npos;
  }

  fs::path results;
};
FAULTLINE_ON_EACH_FILE_SYSTEM(RemovalTest);

TEST_P(RemovalTest, NothingIsLeft) {
  for (int i = 0; i < 2; ++i) {
    remove(image, point);
    EXPECT_FALSE(fs::exists(image));
    EXPECT_FALSE(fs::exists(point));
    EXPECT_FALSE(anything_attached());
  }
}

TEST_P(RemovalTest, OfOneThatIsDetachedNothingIsLeft) {
  detach(image);
  remove(image, point);
  EXPECT_FALSE(fs::exists(image));
  EXPECT_FALSE(fs::exists(point));
}

TEST_P(RemovalTest, WhatWasMovedIsRemovedAllTheSame) {
  const auto moved = folder / "results.old";
  fs::rename(results, moved);
  remove(image, point);
  EXPECT_FALSE(fs::exists(point));
  EXPECT_FALSE(anything_attached());
  EXPECT_TRUE(fs::is_empty(moved));
}

TEST_P(RemovalTest, WhatWasDeletedIsDetachedAllTheSame) {
  fs::remove_all(results);
  ASSERT_TRUE(anything_attached());
  remove(image, point);
  EXPECT_FALSE(fs::exists(point));
  EXPECT_FALSE(anything_attached());
}

TEST_P(RemovalTest, WhatIsNoImageOfOursIsLeftAlone) {
  const auto moved = folder / "results.old";
  fs::rename(results, moved);
  fs::remove(moved / "image");
  const auto another = (moved / "image (deleted)").string();  // as the kernel names it now
  std::ofstream(another) << "somebody's";
  remove(image, point);
  EXPECT_TRUE(fs::exists(another));
}

TEST_P(RemovalTest, ABusyOneKeepsItsImage) {
  const int file = ::open((fs::path(point) / "held").c_str(), O_WRONLY | O_CREAT, 0600);
  EXPECT_NE(said([&] { remove(image, point); }).find(" is busy: "), std::string::npos);
  ::close(file);
  EXPECT_TRUE(fs::exists(image));
}

TEST_P(FileSystemTest, WhereNothingIsMountedNothingIsTouched) {
  detach(image);
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { shut_down(point, 0); }, [&] { fill(point); }, [&] { probe(point); }})
    EXPECT_EQ(said(action), "nothing is mounted at " + point);
  EXPECT_TRUE(fs::is_empty(point));
}

}  // namespace
}  // namespace faultline::agent
