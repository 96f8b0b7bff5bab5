// Workers and volumes on this machine: one scenario per family, and a harness that is
// killed while something is broken.
#include "harness/end_to_end_local.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "harness/cluster/requirement_testing.h"

namespace faultline::end_to_end {
namespace {

class Local : public ::testing::Test {
 protected:
  void SetUp() override { FAULTLINE_NEEDS("root", ::geteuid() == 0); }

  std::vector<std::string> run(const std::string& file) const {
    return {"run",       scenario(file).string(), "--provider", "local",
            "--results", results_.path().string()};
  }

  // Ends as it should, judged alike from the history alone, and leaves nothing.
  void expect_run(const std::string& file, int exit_code) {
    const Finished finished = faultline(run(file));
    EXPECT_EQ(finished.exit_code, exit_code) << finished.output;
    const Finished again = faultline({"check", (results_.path() / "latest").string()});
    EXPECT_EQ(again.exit_code, exit_code) << again.output;
    EXPECT_EQ(left_.after_some_time(), "");
  }

  void kill_during_a_fault(const std::string& file) {
    Program program(run(file));
    ASSERT_TRUE(program.wait_for_output(" fault ")) << program.output();
    ::sleep(2);
    program.signal(SIGKILL);
    program.wait();
  }

  const Results results_;
  const Leftovers left_{results_};
};

TEST_F(Local, WorkerOfTheLeaderDown) { expect_run("workers/3-leader-down.yaml", 0); }

TEST_F(Local, VolumeOfTheLeaderGone) { expect_run("volumes/3-leader-gone.yaml", 0); }

TEST_F(Local, WorkerOfTheLeaderDrained) { expect_run("drains/2-leader.yaml", 0); }

TEST_F(Local, NothingIsFoundWhereNothingIsBroken) { expect_run("controls/1-no-fault.yaml", 0); }

TEST_F(Local, NothingIsFoundAfterASingleKill) { expect_run("controls/2-single-kill.yaml", 0); }

class MovedResults : public Local {
 protected:
  std::filesystem::path suite() const {
    return std::filesystem::canonical(results_.path() / "latest");
  }
};

// Nothing was looked for where it had been moved to, and nothing found where it was deleted.
TEST_F(MovedResults, HealLeavesNothing) {
  kill_during_a_fault("workers/1-follower-1-down.yaml");
  std::filesystem::rename(suite(), results_.path() / "old");
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_EQ(left_.after_some_time(), "");
}

TEST_F(MovedResults, WhereTheyAreDeletedHealLeavesNothing) {
  kill_during_a_fault("workers/1-follower-1-down.yaml");
  std::filesystem::remove_all(suite());
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_EQ(left_.after_some_time(), "");
}

class KilledLocalHarness : public Local, public ::testing::WithParamInterface<const char*> {};

TEST_P(KilledLocalHarness, HealLeavesNothing) {
  kill_during_a_fault(GetParam());
  EXPECT_NE(left_.now(), "");
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_EQ(left_.after_some_time(), "");
  EXPECT_EQ(faultline({"heal"}).output, "clean\n");
}

INSTANTIATE_TEST_SUITE_P(DuringAFault, KilledLocalHarness,
                         ::testing::Values("workers/6-all-down.yaml",
                                           "volumes/5-leader-and-follower-gone.yaml",
                                           "power-loss/3-all.yaml", "beyond-page/disk-frozen.yaml",
                                           "beyond-page/packet-delay.yaml"),
                         [](const auto& info) {
                           std::string name;
                           for (const char* c = info.param; *c != '.'; ++c)
                             name += std::isalnum(static_cast<unsigned char>(*c)) != 0 ? *c : '_';
                           return name;
                         });

}  // namespace
}  // namespace faultline::end_to_end
