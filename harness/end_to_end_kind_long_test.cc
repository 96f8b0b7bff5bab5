// What takes longer on kind: all figures with one command, and a harness that is
// killed at any moment.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <random>
#include <thread>

#include "harness/cluster/program.h"
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
  explicit OwnCluster(const std::string& suffix) : KindTestCluster("faultline-test-" + suffix) {
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
                                       "beyond-page/disk-frozen.yaml",
                                       "beyond-page/bit-flip.yaml",
                                       "beyond-page/partition-leader.yaml",
                                       "beyond-page/volume-wipe.yaml"};
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << std::endl;
  std::mt19937 random(seed);
  const OwnCluster cluster("kills");
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
              << std::ranges::count(left, '\n') << " things to undo" << std::endl;
    EXPECT_EQ(healed.exit_code, 0) << healed.output;
    EXPECT_TRUE(cluster.becomes_clean()) << file << ": " << cluster.leftovers();
    EXPECT_EQ(faultline({"heal"}).output, "clean\n");
  }
}

// The bad days: each ends in a line that says what it was, and the run's history stays.
class BadDay : public KindLong {
 protected:
  Finished run(const char* file) { return faultline(cluster_.run(results_, file)); }

  void expect_broken(const Finished& finished, const std::string& line) {
    EXPECT_EQ(finished.exit_code, 255) << finished.output;
    EXPECT_NE(finished.output.find(line), std::string::npos) << finished.output;
  }

  const OwnCluster cluster_{"bad-day"};
  const Results results_;
};

TEST_F(BadDay, APodThatIsNeverScheduled) {
  cluster_.kubectl("taint nodes --all faultline-test=here:NoSchedule");
  expect_broken(run("brokers/3-leader-down.yaml"), "Unschedulable");
  EXPECT_TRUE(cluster_.becomes_clean()) << cluster_.leftovers();
}

TEST_F(BadDay, AnImageThatDoesNotPull) {
  std::atomic<bool> enough = false;
  std::thread remover([&] {
    while (!enough)
      for (const auto& [node, state] : kind_nodes(cluster_.name()))
        cluster_.in_node(node,
                         "for image in $(ctr -n k8s.io images ls -q | grep faultline/nats); do "
                         "ctr -n k8s.io images rm $image; done");
  });
  const Finished finished = run("brokers/3-leader-down.yaml");
  enough = true;
  remover.join();
  expect_broken(finished, "mage");
  EXPECT_TRUE(cluster_.becomes_clean()) << cluster_.leftovers();
}

TEST_F(BadDay, AWorkerThatNeverReturns) {
  Program program(cluster_.run(results_, "workers/6-all-down.yaml"));
  ASSERT_TRUE(program.wait_for_output(" fault ")) << program.output();
  std::this_thread::sleep_for(std::chrono::seconds(5));
  const auto lost = cluster_.name() + "-worker2";
  output_of({"docker", "rm", "--force", "--volumes", lost});
  expect_broken(program.wait(), lost + " is not there any more");
  const Finished history = faultline({"history", results_.run("worker-all").string()});
  EXPECT_NE(history.output.find("steady"), std::string::npos) << history.output;
  // Nothing can bring it back; the cluster is made anew, and is as good as before.
  const Finished again = run("brokers/3-leader-down.yaml");
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_EQ(faultline({"heal"}).output, "clean\n");
  EXPECT_TRUE(cluster_.becomes_clean()) << cluster_.leftovers();
}

TEST_F(BadDay, AnApiServerThatIsRestarted) {
  Program program(cluster_.run(results_, "brokers/3-leader-down.yaml"));
  ASSERT_TRUE(program.wait_for_output(" steady ")) << program.output();
  cluster_.in_node(cluster_.name() + "-control-plane", "pkill -KILL kube-apiserver");
  const Finished finished = program.wait();
  // Whether the strike came too early for it or not: never a violation of the broker's.
  EXPECT_TRUE(finished.exit_code == 0 || finished.exit_code == 2 || finished.exit_code == 255)
      << finished.output;
  EXPECT_EQ(faultline({"heal"}).exit_code, 0);
  EXPECT_TRUE(cluster_.becomes_clean()) << cluster_.leftovers();
}

}  // namespace
}  // namespace faultline::end_to_end
