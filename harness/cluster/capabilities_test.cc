#include "harness/cluster/capabilities.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/cluster/program.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

// Programs that come before the machine's own.
class CapabilitiesWith : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1); }
  void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }

  void put(const std::string& program, const std::string& script) const {
    const auto file = folder_.path() / program;
    std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
    fs::permissions(file, fs::perms::owner_all);
  }

  // The real one, but for one command.
  void put_agent(const std::string& command, const std::string& script) const {
    put("faultline-agent", "if [ \"$1\" = " + command + " ]; then " + script + "; else exec " +
                               agent_ + " \"$@\"; fi");
  }

  fs::path file(const std::string& name) const { return folder_.path() / name; }

 private:
  const testing::TemporaryFolder folder_;
  const std::string path_ = ::getenv("PATH");
  const std::string agent_ = find_program("faultline-agent");
};

void expect_absent(const Capability& seen, const std::string& found, const std::string& remedy) {
  EXPECT_FALSE(seen.works);
  EXPECT_EQ(seen.found, found);
  EXPECT_EQ(seen.remedy, remedy);
}

TEST_F(CapabilitiesWith, NoNamespacesNothingWorksAndEachSaysWhatToDo) {
  put("unshare", "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1");
  for (const auto& all : {network_capabilities(), volume_capabilities()})
    for (const auto& one : all) {
      EXPECT_FALSE(one.works) << one.what;
      EXPECT_EQ(one.found, "unshare: unshare failed: Operation not permitted") << one.what;
      EXPECT_NE(one.purpose, "") << one.what;
      EXPECT_EQ(one.remedy.find("root, "), 0u) << one.what;
    }
}

TEST_F(CapabilitiesWith, ToolsThatFail_AbsentInTheirOwnWordsAndWithARemedy) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  put("tc", "echo 'Error: Specified qdisc kind is unknown.' >&2; exit 2");
  expect_absent(netem_qdisc(), "Error: Specified qdisc kind is unknown.",
                "root, iproute2, and the kernel modules sch_htb, cls_u32 and sch_netem");
  put("ip", "echo 'RTNETLINK answers: Operation not supported' >&2; exit 2");
  expect_absent(network_namespaces(), "RTNETLINK answers: Operation not supported",
                "root, iproute2, and the kernel modules veth and bridge");
  put("iptables", "exit 3");
  expect_absent(packet_filter(), "exit status 3", "root, iptables, and the kernel's table raw");
  put("mkfs.xfs", "echo 'no such luck' >&2; exit 1");
  expect_absent(loop_volume("xfs"), "no such luck", "root, a loop device, and xfsprogs");
}

TEST_F(CapabilitiesWith, AnIoctlThatSucceedsWithoutEffect_Absent) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  put_agent("shutdown", "exit 0");
  expect_absent(file_system_shutdown("ext4"), "a write succeeded after it",
                "root, and a kernel whose ext4 has it");
  put_agent("freeze", "exit 0");
  expect_absent(file_system_freeze("xfs"), "faultline-agent: the write succeeded",
                "root, and a kernel whose xfs can be frozen");
}

// Its image lay in /tmp for ever, attached.
TEST_F(CapabilitiesWith, AnEndByAKill_NothingIsLeft) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  put_agent("probe", "losetup --list >" + file("seen").string() + "; echo >" +
                         file("reached").string() + "; sleep 2");
  fs::create_directory(file("tmp"));
  const pid_t doctor = ::fork();
  if (doctor == 0) {
    ::setenv("TMPDIR", file("tmp").c_str(), 1);
    loop_volume("ext4");
    ::_exit(0);
  }
  EXPECT_TRUE(testing::eventually([&] { return fs::exists(file("reached")); }));
  ::kill(doctor, SIGKILL);
  ::waitpid(doctor, nullptr, 0);
  const auto attached = [](const std::string& list) {
    return list.find("/run/image") != std::string::npos;
  };
  EXPECT_TRUE(attached(output_of({"cat", file("seen")})));
  EXPECT_TRUE(testing::eventually([&] { return !attached(output_of({"losetup", "--list"})); }));
  EXPECT_TRUE(fs::is_empty(file("tmp")));
}

TEST(Capabilities, ANamespaceThatIsTriedIsNotLeft) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  const auto seen = network_namespaces();
  EXPECT_TRUE(seen.works) << seen.found;
  EXPECT_FALSE(std::filesystem::exists("/run/netns/probe"));
}

TEST(Capabilities, WhatEveryKernelHasWorks) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  for (const auto& one : {htb_qdisc(), packet_filter(), loop_volume("ext4"),
                          file_system_shutdown("ext4"), file_system_freeze("ext4")}) {
    EXPECT_TRUE(one.works) << one.what << ": " << one.found;
    EXPECT_EQ(one.remedy, "") << one.what;
  }
}

}  // namespace
}  // namespace faultline
