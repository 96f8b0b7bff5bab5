// The real program with real brokers, interrupted, killed or without a disk. What is looked at is
// no verdict, so that the machine need not be for one of these alone.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include "harness/cluster/requirement_testing.h"
#include "harness/end_to_end.h"

namespace faultline::end_to_end {
namespace {

TEST(CutShort, CtrlCHealsAndKeepsTheHistory) {
  const Results results;
  const OwnJournals journals(results);
  Program program({"run", scenario("brokers/3-leader-down.yaml").string(), "--results",
                   results.path().string()});
  ASSERT_TRUE(program.wait_for_output(" fault ")) << program.output();
  program.signal(SIGINT);
  const Finished finished = program.wait();
  EXPECT_EQ(finished.exit_code, 130) << finished.output;
  EXPECT_TRUE(processes_of(results.path()).empty());
  const auto json = results.run_json("broker-leader");
  EXPECT_TRUE(json["interrupted"].get<bool>());
  EXPECT_NE(json["outcome"], "pass");
}

TEST(CutShort, FullDiskLosesNothingThatWasRecorded) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  const Results results;
  const OwnJournals journals(results);
  const auto disk = results.path() / "disk";
  std::filesystem::create_directory(disk);
  ASSERT_EQ(::mount("none", disk.c_str(), "tmpfs", 0, "size=2m"), 0);
  const Finished finished = faultline(
      {"run", scenario("brokers/3-leader-down.yaml").string(), "--results", disk.string()});
  const Finished history = faultline({"history", (disk / "latest/broker-leader").string()});
  EXPECT_EQ(::umount2(disk.c_str(), MNT_DETACH), 0);
  EXPECT_EQ(finished.exit_code, 255) << finished.output;
  EXPECT_NE(finished.output.find("No space left on device"), std::string::npos) << finished.output;
  EXPECT_NE(history.output.find("publish"), std::string::npos) << history.output;
}

class KilledHarness : public testing::TestWithParam<const char*> {};

TEST_P(KilledHarness, LeavesNoBrokerNoDataAndAReadableHistory) {
  const Results results;
  const OwnJournals journals(results);
  Program program({"run", scenario("built-to-fail/memory-storage.yaml").string(), "--results",
                   results.path().string()});
  ASSERT_TRUE(program.wait_for_output(" " + std::string(GetParam()) + " ")) << program.output();
  program.signal(SIGKILL);
  program.wait();
  EXPECT_TRUE(become_none([&] { return processes_of(results.path()); }));
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_NE(healed.output.find("clean"), std::string::npos) << healed.output;
  EXPECT_TRUE(std::filesystem::exists(results.run("memory-storage") / "brokers/n1/nats.log"));
  EXPECT_FALSE(std::filesystem::exists(results.run("memory-storage") / "brokers/n1/data"));
  const Finished history = faultline({"history", results.run("memory-storage").string()});
  EXPECT_NE(history.output.find("steady"), std::string::npos) << history.output;
}

INSTANTIATE_TEST_SUITE_P(InEachPhase, KilledHarness,
                         testing::Values("steady", "fault", "recovery", "drain"),
                         [](const auto& phase) { return std::string(phase.param); });

}  // namespace
}  // namespace faultline::end_to_end
