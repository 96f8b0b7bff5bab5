// What takes longer on kind: all figures with one command, and a harness that is
// killed at any moment.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>
#include <thread>

#include "harness/cluster/requirement_testing.h"
#include "harness/end_to_end_kind.h"
#include "harness/kubernetes/kind.h"

namespace faultline::end_to_end {
namespace {

class KindLong : public ::testing::Test {
 protected:
  void SetUp() override { FAULTLINE_NEEDS("kind", missing_for_kind().empty()); }
};

TEST_F(KindLong, AllEighteenFigures) {
  const Results results;
  const Finished finished = faultline(
      {"run", scenario("").string(), "--provider", "kind", "--results", results.path().string()});
  std::cout << finished.output;
  EXPECT_EQ(finished.exit_code, 0);
  const Finished again = faultline({"check", (results.path() / "latest").string()});
  EXPECT_EQ(again.exit_code, 0) << again.output;
}

// Made for one test, and gone with it.
class OwnCluster : public KindTestCluster {
 public:
  OwnCluster() : KindTestCluster("faultline-test-kills") {
    const Finished up = faultline({"up", "--cluster", name()});
    EXPECT_EQ(up.exit_code, 0) << up.output;
  }
  ~OwnCluster() { faultline({"down", "--cluster", name()}); }
};

TEST_F(KindLong, KilledAtAnyMomentHealLeavesNothing) {
  constexpr int kills = 20;
  const std::vector<std::string> files{"brokers/4-followers-down.yaml",
                                       "drains/2-leader.yaml",
                                       "workers/6-all-down.yaml",
                                       "volumes/5-leader-and-follower-gone.yaml",
                                       "power-loss/3-all.yaml",
                                       "beyond-page/worker-pause.yaml",
                                       "beyond-page/kubelet-stop.yaml",
                                       "beyond-page/disk-full.yaml",
                                       "beyond-page/partition-leader.yaml",
                                       "beyond-page/volume-wipe.yaml"};
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  const OwnCluster cluster;
  for (int i = 0; i < kills; ++i) {
    const auto& file = files[static_cast<std::size_t>(i) % files.size()];
    const std::chrono::milliseconds moment(std::uniform_int_distribution(0, 60'000)(random));
    const Results results;
    Program program(cluster.run(results, file));
    std::this_thread::sleep_for(moment);
    program.signal(SIGKILL);
    program.wait();
    const auto left = cluster.leftovers();
    const Finished healed = faultline({"heal"});
    std::cout << file << " killed after " << moment.count() << " ms, "
              << std::ranges::count(left, '\n') << " things to undo\n";
    EXPECT_EQ(healed.exit_code, 0) << healed.output;
    EXPECT_TRUE(cluster.becomes_clean()) << file << ": " << cluster.leftovers();
    EXPECT_EQ(faultline({"heal"}).output, "clean\n");
  }
}

}  // namespace
}  // namespace faultline::end_to_end
