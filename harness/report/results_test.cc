#include "harness/report/results.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

namespace faultline {
namespace {

namespace fs = std::filesystem;

class Results : public ::testing::Test {
 protected:
  Results() {
    std::string pattern = (fs::temp_directory_path() / "faultline-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~Results() override { fs::remove_all(root_); }

  fs::path root_;
};

std::string content(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST_F(Results, SuitesNeverCollide) {
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) names.insert(SuiteFolder(root_ / "new" / "folder").name());
  EXPECT_EQ(names.size(), 100u);
}

TEST_F(Results, RunsOfOneScenarioGetTheirOwnFolders) {
  const SuiteFolder suite(root_);
  EXPECT_EQ(suite.make_run("a"), suite.path() / "a");
  EXPECT_EQ(suite.make_run("a"), suite.path() / "a-2");
  EXPECT_EQ(suite.make_run("a"), suite.path() / "a-3");
}

TEST_F(Results, LatestIsTheNewest) {
  SuiteFolder(root_).become_latest();
  const SuiteFolder second(root_);
  second.become_latest();
  EXPECT_EQ(fs::read_symlink(root_ / "latest"), second.name());
  EXPECT_EQ(fs::canonical(root_ / "latest"), fs::canonical(second.path()));
}

TEST_F(Results, NeverRemovesAFolderNamedLatest) {
  fs::create_directories(root_ / "latest" / "precious");
  EXPECT_THROW(SuiteFolder(root_).become_latest(), ResultsError);
  EXPECT_TRUE(fs::exists(root_ / "latest" / "precious"));
}

TEST_F(Results, FolderThatCannotBeIsOneLine) {
  std::ofstream(root_ / "file") << "x";
  try {
    SuiteFolder suite(root_ / "file");
    FAIL() << "a file is no folder";
  } catch (const ResultsError& error) {
    EXPECT_NE(std::string(error.what()).find("--results"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

TEST_F(Results, WritesAreWholeOrNot) {
  write_atomically(root_ / "a", "old");
  write_atomically(root_ / "a", "new");
  EXPECT_EQ(content(root_ / "a"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
}

TEST_F(Results, FullDiskKeepsTheOldFile) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small file system needs root";
  ASSERT_EQ(::mount("none", root_.c_str(), "tmpfs", 0, "size=64k"), 0);
  write_atomically(root_ / "a", "old");
  try {
    write_atomically(root_ / "a", std::string(1'000'000, 'x'));
    ADD_FAILURE() << "a megabyte in 64 kB";
  } catch (const ResultsError& error) {
    EXPECT_NE(std::string(error.what()).find("No space left on device"), std::string::npos);
  }
  EXPECT_EQ(content(root_ / "a"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
  ASSERT_EQ(::umount(root_.c_str()), 0);
}

std::string refusal(const fs::path& file, Writing writing) try {
  return "allowed as " + writable_file(file, writing).string();
} catch (const ResultsError& error) {
  return error.what();
}

// --junit replaced a FIFO by a regular file, and a link instead of what it leads to.
TEST_F(Results, WhatIsReplacedIsARegularFileBehindAllLinks) {
  const fs::path file = root_ / "file", fifo = root_ / "fifo";
  fs::create_symlink("file", root_ / "link");  // leads to nothing yet
  fs::create_symlink(root_ / "link", root_ / "to-link");
  EXPECT_EQ(writable_file(root_ / "to-link", Writing::replaced), file);
  write_atomically(writable_file(root_ / "to-link", Writing::replaced), "x");
  EXPECT_TRUE(fs::is_symlink(root_ / "link"));
  EXPECT_EQ(content(file), "x");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  fs::create_symlink("circle", root_ / "circle");
  EXPECT_EQ(refusal(fifo, Writing::replaced), fifo.string() + ": it is no regular file");
  EXPECT_EQ(refusal("/dev/null", Writing::replaced), "/dev/null: it is no regular file");
  EXPECT_EQ(refusal("/dev/null", Writing::appended), "allowed as /dev/null");
  EXPECT_EQ(refusal(root_, Writing::appended), root_.string() + ": it is a folder");
  EXPECT_NE(refusal(root_ / "circle", Writing::replaced).find("it cannot be written"),
            std::string::npos);
  EXPECT_NE(refusal(root_ / "none" / "file", Writing::appended).find("does not exist"),
            std::string::npos);
}

// --summary was refused although appending works.
TEST_F(Results, AFileMayBeAppendedToInAFolderThatMayNotBeWritten) {
  const fs::path file = root_ / "file";
  std::ofstream(file) << "x";
  fs::permissions(file, fs::perms::all);
  fs::permissions(root_, fs::perms(0755));
  const auto as_nobody = [&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::exit(1);
    if (::geteuid() != 65534) fs::permissions(root_, fs::perms::owner_exec);
    const bool right = refusal(file, Writing::appended) == "allowed as " + file.string() &&
                       refusal(file, Writing::replaced) == file.string() + ": it cannot be written";
    if (::geteuid() != 65534) fs::permissions(root_, fs::perms::owner_all);
    ::exit(right ? 0 : 2);
  };
  EXPECT_EXIT(as_nobody(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace faultline
