// Workers and volumes on this machine, and a harness that is killed while something is broken.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "harness/end_to_end_local.h"

namespace faultline::end_to_end {
namespace {

class CutShortLocal : public Local {
 protected:
  void kill_during_a_fault(const std::string& file) {
    Program program(run(file));
    ASSERT_TRUE(program.wait_for_output(" fault ")) << program.output();
    ::sleep(2);
    program.signal(SIGKILL);
    program.wait();
  }

 private:
  const OwnJournals journals_{results_};
};

class MovedResults : public CutShortLocal {
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

class KilledLocalHarness : public CutShortLocal,
                           public ::testing::WithParamInterface<const char*> {};

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
