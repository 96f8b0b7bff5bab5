#include "harness/broker/memphis/memphis_binary.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/cluster/cluster.h"
#include "harness/cluster/program.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr const char* sign = "github.com/memphisdev/memphis";

class MemphisBinaryTest : public ::testing::Test {
 protected:
  MemphisBinaryTest() {
    ::unsetenv("FAULTLINE_MEMPHIS");
    ::setenv("PATH", folder_.path().c_str(), 1);
  }

  ~MemphisBinaryTest() override { ::setenv("PATH", path_.c_str(), 1); }

  fs::path write(const std::string& name, const std::string& content, bool executable = true) {
    return testing::write_program(folder_.path() / name, content, executable);
  }

  std::string error_of(const fs::path& given) {
    try {
      find_memphis_binary(given, "");
    } catch (const ClusterError& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = std::getenv("PATH");
};

TEST_F(MemphisBinaryTest, GivenOneOutranksTheEnvironmentAndThatThePath) {
  const auto in_path = write("memphis", sign);
  const auto named = write("named", sign);
  const auto given = write("given", sign);
  EXPECT_EQ(find_memphis_binary({}, "").path, in_path);
  ::setenv("FAULTLINE_MEMPHIS", named.c_str(), 1);
  EXPECT_EQ(find_memphis_binary({}, "").path, named);
  EXPECT_EQ(find_memphis_binary(given, "").path, given);
}

TEST_F(MemphisBinaryTest, VersionIsThatOfTheFileBesideIt) {
  const auto path = write("bin/memphis", sign);
  EXPECT_EQ(find_memphis_binary(path, "").version, "unknown");
  EXPECT_EQ(find_memphis_binary(path, "1.4.3").version, "1.4.3");
  write("bin/version.conf", "1.4.4");
  EXPECT_EQ(find_memphis_binary(path, "1.4.3").version, "1.4.4");
}

TEST_F(MemphisBinaryTest, SignAcrossTheBordersOfBlocksIsFound) {
  for (const std::size_t before :
       {std::size_t{0}, (std::size_t{1} << 20) - 5, std::size_t{1} << 20})
    EXPECT_EQ(error_of(write("far", std::string(before, 'x') + sign)), "no error") << before;
}

TEST_F(MemphisBinaryTest, WrongOnesAreRefusedInOneLine) {
  const auto name = [&](const char* file) { return (folder_.path() / file).string(); };
  EXPECT_EQ(error_of(name("none")), "there is no broker binary at " + name("none"));
  write("text", sign, false);
  EXPECT_EQ(error_of(name("text")), name("text") + " is not an executable file");
  write("nats-server", "github.com/nats-io/nats-server");
  EXPECT_TRUE(error_of(name("nats-server")).starts_with(name("nats-server") + " is no Memphis"));
  write("empty", "");
  EXPECT_TRUE(error_of(name("empty")).starts_with(name("empty") + " is no Memphis broker"));
}

TEST_F(MemphisBinaryTest, WhereThereIsNoneItSaysHowToGetOne) {
  if (!find_program("memphis").empty()) GTEST_SKIP() << "the machine has one";
  const auto error = error_of({});
  EXPECT_TRUE(error.starts_with("no Memphis broker here: ")) << error;
  EXPECT_NE(error.find("memphisos/memphis:1.4.4"), std::string::npos) << error;
}

}  // namespace
}  // namespace faultline
