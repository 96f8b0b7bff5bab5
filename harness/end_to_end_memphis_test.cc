// The real program against real Memphis brokers. Skipped where there is none, unless
// FAULTLINE_REQUIRE names memphis.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "harness/broker/memphis/testing.h"
#include "harness/cluster/cluster.h"
#include "harness/cluster/process_table.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/end_to_end.h"

namespace faultline::end_to_end {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> run(const Results& results, const std::string& file) {
  return {"run",       scenario(file).string(), "--broker", "memphis",
          "--results", results.path().string()};
}

TEST(Memphis, LeaderDownComesToAVerdict) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const Results results;
  const Finished finished = faultline(run(results, "brokers/3-leader-down.yaml"));
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  const auto json = results.run_json("broker-leader");
  EXPECT_EQ(json["versions"]["broker_product"], "memphis");
  EXPECT_EQ(check(json, "lost")["counts"]["lost"], 0);
  EXPECT_GT(check(json, "lost")["counts"]["acknowledged"], 1000);
  EXPECT_TRUE(processes_of(results.path()).empty());
}

TEST(Memphis, HarnessThatIsKilledLeavesNoDatabaseBehindAHeal) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const Results results;
  Program program(run(results, "brokers/3-leader-down.yaml"));
  ASSERT_TRUE(program.wait_for_output(" fault ")) << program.output();
  program.signal(SIGKILL);
  program.wait();
  EXPECT_TRUE(become_none([&] { return processes_of(results.path()); }));
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  const auto metadata = results.run("broker-leader") / "metadata";
  EXPECT_TRUE(fs::exists(metadata / "postgres.log"));
  EXPECT_FALSE(fs::exists(metadata / "data"));
}

// The kernel ends what was started by the harness; what that started is stopped, and stays.
TEST(Memphis, HarnessThatIsKilledLeavesNoFrozenDatabaseBehindAHeal) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const Results results;
  Program program({"run", scenario("memphis/metadata-frozen.yaml").string(), "--results",
                   results.path().string()});
  ASSERT_TRUE(program.wait_for_output("metadata-frozen all")) << program.output();
  std::vector<int> frozen;
  for (const int pid : processes_of(results.path()))
    for (const int child : children_of(pid))
      if (process_state(child) == 'T') frozen.push_back(child);
  EXPECT_GT(frozen.size(), 2U);
  program.signal(SIGKILL);
  program.wait();
  EXPECT_TRUE(become_none([&] { return processes_of(results.path()); }));
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  for (const int pid : frozen) EXPECT_FALSE(process_start_time(pid)) << pid;
  EXPECT_FALSE(fs::exists(results.run("memphis-metadata-frozen") / "metadata" / "data"));
}

TEST(Memphis, BrokenDatabaseComesToAVerdictWithEvidence) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const Results results;
  const Finished finished = faultline({"run", scenario("memphis/metadata-down.yaml").string(),
                                       "--results", results.path().string()});
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  const auto json = results.run_json("memphis-metadata-down");
  EXPECT_EQ(check(json, "assumptions")["verdict"], "pass");
  EXPECT_EQ(check(json, "lost")["counts"]["lost"], 0);
}

TEST(Memphis, PartitionsComeToAVerdictTogether) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const Results results;
  const Finished finished = faultline(
      {"run", scenario("memphis/partitions.yaml").string(), "--results", results.path().string()});
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  const auto json = results.run_json("memphis-partitions");
  EXPECT_EQ(check(json, "replicas")["counts"]["holding"], 9);
  EXPECT_EQ(check(json, "lost")["counts"]["lost"], 0);
  EXPECT_GT(check(json, "lost")["counts"]["acknowledged"], 1000);
}

TEST(Memphis, WhatNobodyAcknowledgesComesToAVerdict) {
  FAULTLINE_NEEDS("memphis", testing::memphis_is_here());
  const Results results;
  const Finished finished = faultline({"run", scenario("memphis/dead-letters.yaml").string(),
                                       "--results", results.path().string()});
  const auto json = results.run_json("memphis-dead-letters");
  EXPECT_NE(check(json, "dead_letter")["verdict"], "unknown") << finished.output;
  EXPECT_GT(check(json, "dead_letter")["counts"]["dead_letters"], 1000);
}

TEST(Memphis, PartitionsAreSkippedForAnotherProduct) {
  const Results results;
  const Finished finished = faultline({"run", scenario("memphis/partitions.yaml").string(),
                                       "--broker", "nats", "--results", results.path().string()});
  EXPECT_EQ(finished.exit_code, 2) << finished.output;
  EXPECT_NE(finished.output.find("only Memphis has several partitions"), std::string::npos)
      << finished.output;
}

TEST(Memphis, FaultOfTheDatabaseIsSkippedForAnotherProduct) {
  const Results results;
  const Finished finished = faultline({"run", scenario("memphis/metadata-down.yaml").string(),
                                       "--broker", "nats", "--results", results.path().string()});
  EXPECT_EQ(finished.exit_code, 2) << finished.output;
  EXPECT_NE(finished.output.find("metadata-down breaks the database of Memphis"), std::string::npos)
      << finished.output;
}

TEST(Memphis, WhereThereIsNoneARunIsSkippedAndSaysHowToGetOne) {
  const char* before = std::getenv("FAULTLINE_MEMPHIS");
  const std::string kept = before ? before : "";
  ::setenv("FAULTLINE_MEMPHIS", "/bin/true", 1);
  const Results results;
  const Finished finished = faultline(run(results, "brokers/3-leader-down.yaml"));
  before ? ::setenv("FAULTLINE_MEMPHIS", kept.c_str(), 1) : ::unsetenv("FAULTLINE_MEMPHIS");
  EXPECT_EQ(finished.exit_code, 2) << finished.output;
  EXPECT_NE(finished.output.find("/bin/true is no Memphis broker"), std::string::npos)
      << finished.output;
}

}  // namespace
}  // namespace faultline::end_to_end
