#include "harness/report/results.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>
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

}  // namespace
}  // namespace faultline
