#include "harness/broker/nats/nats_binary.h"

#include <gtest/gtest.h>

#include "harness/cluster/cluster.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

class NatsBinaryTest : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& content, bool executable = true) {
    return testing::write_program(folder_.path() / name, content, executable);
  }

  fs::path write_server(const std::string& name, const std::string& version) {
    return write(name, "#!/bin/sh\necho nats-server: v" + version + "\n");
  }

  NatsBinary find(const NatsBinaryChoice& choice) {
    return find_nats_binary(
        choice, [this](const std::string& line) { told_ += line + "\n"; },
        {folder_.path() / "cache", folder_.path() / "install-nats", limit_},
        [this] { return cancelled_; });
  }

  std::string error_of(const NatsBinaryChoice& choice) {
    try {
      find(choice);
    } catch (const ClusterError& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
  std::string told_;
  std::chrono::milliseconds limit_{60'000};
  bool cancelled_ = false;
};

TEST_F(NatsBinaryTest, GivenPathIsAskedForItsVersion) {
  const auto path = write_server("mine", "2.10.22");
  const auto found = find({path, "2.12.1"});  // the path wins
  EXPECT_EQ(found.path, path);
  EXPECT_EQ(found.version, (NatsVersion{2, 10, 22}));
  EXPECT_EQ(told_, "");
}

TEST_F(NatsBinaryTest, WrongOnesAreRefusedInOneLine) {
  const auto name = [&](const char* file) { return (folder_.path() / file).string(); };
  EXPECT_EQ(error_of({name("none"), ""}), "there is no broker binary at " + name("none"));
  write("text", "hello", false);
  EXPECT_EQ(error_of({name("text"), ""}), name("text") + " is not an executable file");
  fs::create_directory(name("folder"));
  EXPECT_EQ(error_of({name("folder"), ""}), name("folder") + " is not an executable file");
  write("noise",
        "\x7f"
        "ELF nonsense");
  EXPECT_NE(error_of({name("noise"), ""}).find(name("noise") + " cannot be run: "),
            std::string::npos);
  EXPECT_NE(error_of({"/bin/true", ""}).find("/bin/true is not a nats-server"), std::string::npos);
}

TEST_F(NatsBinaryTest, CachedVersionIsNotInstalledAgain) {
  const auto path = write_server("cache/2.11.3/nats-server", "2.11.3");
  EXPECT_EQ(find({"", "v2.11.3"}).path, path);
  EXPECT_EQ(told_, "");
}

TEST_F(NatsBinaryTest, MissingVersionIsInstalled) {
  const auto path = write_server("elsewhere/nats-server", "2.11.3");
  write("install-nats", "#!/bin/sh\necho fetching $1 >&2\necho " + path.string() + "\n");
  EXPECT_EQ(find({"", "2.11.3"}).version, (NatsVersion{2, 11, 3}));
  // The installer's two streams come in any order.
  EXPECT_TRUE(told_.starts_with("installing nats-server 2.11.3\n")) << told_;
  EXPECT_NE(told_.find("\nfetching 2.11.3\n"), std::string::npos) << told_;
}

TEST_F(NatsBinaryTest, AnotherVersionWillDoOnlyWhereNoneWasAskedFor) {
  const auto path = write_server("elsewhere/nats-server", "2.9.10");
  write("install-nats", "#!/bin/sh\necho " + path.string() + "\nexit 3\n");
  EXPECT_EQ(find({"", ""}).version, (NatsVersion{2, 9, 10}));
  EXPECT_EQ(error_of({"", "2.11.3"}), "nats-server 2.11.3 could not be installed: only " +
                                          path.string() +
                                          " is to be had (or give one with --broker-binary PATH)");
}

TEST_F(NatsBinaryTest, FailedInstallationSaysWhy) {
  EXPECT_NE(error_of({"", "2.11.3"}).find("nats-server 2.11.3 could not be installed: "),
            std::string::npos);
  write("install-nats", "#!/bin/sh\necho no network >&2\nexit 255\n");
  EXPECT_EQ(error_of({"", "2.11.3"}),
            "nats-server 2.11.3 could not be installed: no network (or give one with "
            "--broker-binary PATH)");
  EXPECT_NE(error_of({"", "newest"}).find("\"newest\" is no version of nats-server"),
            std::string::npos);
  EXPECT_NE(error_of({"", "../../bin"}).find("is no version"), std::string::npos);
}

TEST_F(NatsBinaryTest, OneThatDoesNotAnswerIsNotWaitedForForever) {
  limit_ = std::chrono::milliseconds(300);
  const auto path = write("hangs", "#!/bin/sh\nsleep 1000\n");
  EXPECT_EQ(error_of({path, ""}), path.string() + " --version: not finished within 300 ms");
}

TEST_F(NatsBinaryTest, InstallationCanBeInterrupted) {
  write("install-nats", "#!/bin/sh\necho fetching\nsleep 1000\n");
  cancelled_ = true;
  EXPECT_EQ(error_of({"", "2.11.3"}), "interrupted");
}

}  // namespace
}  // namespace faultline
