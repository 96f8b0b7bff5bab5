// The real program on a real kind cluster, which ctest makes with `faultline up`
// before these and removes with `faultline down` after them.
#include "harness/end_to_end_kind.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "harness/cluster/requirement_testing.h"
#include "harness/kubernetes/kind.h"
#include "harness/kubernetes/kind_worker.h"

namespace faultline::end_to_end {
namespace {

const KindTestCluster cluster{FAULTLINE_KIND_CLUSTER};

class Kind : public ::testing::Test {
 protected:
  void SetUp() override { FAULTLINE_NEEDS("kind", missing_for_kind().empty()); }
};

// A container that Docker and kind take for a node of a cluster.
class SomebodysCluster {
 public:
  explicit SomebodysCluster(std::string name) : name_(std::move(name)) {
    const auto image = output_of(
        {"docker", "inspect", "--format", "{{.Config.Image}}", cluster.name() + "-control-plane"});
    output_of({"docker", "create", "--name", node(), "--label", "io.x-k8s.kind.cluster=" + name_,
               "--label", "io.x-k8s.kind.role=control-plane", image.substr(0, image.find('\n'))});
  }
  ~SomebodysCluster() { run_program({"docker", "rm", "--force", "--volumes", node()}); }
  SomebodysCluster(const SomebodysCluster&) = delete;
  SomebodysCluster& operator=(const SomebodysCluster&) = delete;

  const std::string& name() const { return name_; }
  std::string node() const { return name_ + "-control-plane"; }

 private:
  std::string name_;
};

TEST_F(Kind, LeaderDownIsSurvived) {
  const Results results;
  const Finished finished = faultline(cluster.run(results, "brokers/3-leader-down.yaml"));
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  const auto json = results.run_json("broker-leader");
  EXPECT_EQ(json["outcome"], "pass");
  EXPECT_EQ(json["provider"], "kind");
  EXPECT_EQ(check(json, "lost")["counts"]["lost"], 0);
  const Finished history = faultline({"history", results.run("broker-leader").string()});
  EXPECT_NE(history.output.find("gone by signal 9 to nats-server (pid "), std::string::npos)
      << history.output;  // who was seen to be killed
  const Finished again = faultline({"check", results.run("broker-leader").string()});
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_EQ(again.output.find("disagree"), std::string::npos) << again.output;
  EXPECT_TRUE(cluster.becomes_clean()) << cluster.leftovers();
}

// One of each family: their evidence, and a verdict that stands on it.
class KindFault : public Kind,
                  public ::testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(KindFault, IsProvenHeldHealedAndJudged) {
  const auto& [file, name] = GetParam();
  const Results results;
  const Finished finished = faultline(cluster.run(results, file));
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_EQ(results.run_json(name)["outcome"], "pass");
  const Finished history = faultline({"history", results.run(name).string()});
  for (const char* stage : {" striking: ", " proven: ", " held: ", " healed: "})
    EXPECT_NE(history.output.find(stage), std::string::npos) << stage;
  for (const char* stage : {" unproven: ", " lapsed: ", " unhealed: "})
    EXPECT_EQ(history.output.find(stage), std::string::npos) << stage;
  const Finished again = faultline({"check", results.run(name).string()});
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_TRUE(cluster.becomes_clean()) << cluster.leftovers();
}

// Volumes are in KilledDuringAFault, and with every figure in KindLong.
INSTANTIATE_TEST_SUITE_P(
    WorkersAndDrains, KindFault,
    ::testing::Values(std::pair{"workers/3-leader-down.yaml", "worker-leader"},
                      std::pair{"drains/3-second-held-off.yaml", "drain-second-held-off"}),
    [](const auto& info) {
      std::string name = info.param.second;
      std::ranges::replace(name, '-', '_');
      return name;
    });

// In the middle of what is undone in several steps.
class KilledDuringAFault : public Kind, public ::testing::WithParamInterface<const char*> {};

TEST_P(KilledDuringAFault, LeavesNothingAfterHeal) {
  const Results results;
  Program program(cluster.run(results, GetParam()));
  ASSERT_TRUE(program.wait_for_output(" fault ")) << program.output();
  std::this_thread::sleep_for(std::chrono::seconds(3));  // the strike takes two or three
  program.signal(SIGKILL);
  program.wait();
  EXPECT_NE(cluster.leftovers(), "");
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_TRUE(cluster.becomes_clean()) << cluster.leftovers();
  EXPECT_EQ(faultline({"heal"}).output, "clean\n") << "a second heal does nothing";
}

INSTANTIATE_TEST_SUITE_P(OfDrainAndVolume, KilledDuringAFault,
                         ::testing::Values("drains/1-follower.yaml",
                                           "volumes/1-follower-1-gone.yaml"),
                         [](const auto& info) {
                           return std::string(info.param).starts_with("drains") ? "drain"
                                                                                : "detach";
                         });

TEST_F(Kind, KilledHarnessLeavesNothingAfterHeal) {
  const Results results;
  Program program(cluster.run(results, "brokers/3-leader-down.yaml"));
  ASSERT_TRUE(program.wait_for_output(" steady ")) << program.output();
  program.signal(SIGKILL);
  program.wait();
  EXPECT_FALSE(cluster.leftovers().empty());
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_NE(healed.output.find("clean"), std::string::npos) << healed.output;
  EXPECT_TRUE(cluster.becomes_clean()) << cluster.leftovers();
  const Finished history = faultline({"history", results.run("broker-leader").string()});
  EXPECT_NE(history.output.find("steady"), std::string::npos) << history.output;
}

// For this machine alone it is away: the cluster goes on with it.
void refuse_api_server(bool refuse) {
  cluster.in_node(cluster.name() + "-control-plane",
                  std::string("iptables -") + (refuse ? "I" : "D") +
                      " INPUT -s $(ip -4 route show default | cut -d' ' -f3) -p tcp --dport 6443"
                      " -j REJECT --reject-with tcp-reset");
}

TEST_F(Kind, WithoutItsApiServerTheHarnessIsBrokenAndHealsLater) {
  const Results results;
  Program program(cluster.run(results, "brokers/3-leader-down.yaml"));
  ASSERT_TRUE(program.wait_for_output(" steady ")) << program.output();
  refuse_api_server(true);
  const Finished finished = program.wait();
  const Finished not_healed = faultline({"heal"});
  refuse_api_server(false);
  EXPECT_EQ(finished.exit_code, 255) << finished.output;
  EXPECT_EQ(not_healed.exit_code, 255) << not_healed.output;
  const Finished history = faultline({"history", results.run("broker-leader").string()});
  EXPECT_NE(history.output.find("steady"), std::string::npos) << history.output;
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_TRUE(cluster.becomes_clean()) << cluster.leftovers();
}

TEST_F(Kind, UpFindsWhatIsThereAndRepairsIt) {
  const std::string worker = cluster.name() + "-worker2";
  pause_container(worker);
  cluster.in_node(cluster.name() + "-worker", "systemctl stop kubelet");
  cluster.kubectl("cordon " + cluster.name() + "-worker3");
  const Finished repaired = faultline({"up", "--cluster", cluster.name()});
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output;
  EXPECT_NE(repaired.output.find(worker + " is paused"), std::string::npos) << repaired.output;
  EXPECT_NE(repaired.output.find("-worker is not active"), std::string::npos) << repaired.output;
  EXPECT_EQ(cluster.leftovers(), "");
  const Finished again = faultline({"up", "--cluster", cluster.name()});
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_NE(again.output.find("there already, and healthy"), std::string::npos) << again.output;
  EXPECT_EQ(again.output.find("repairing"), std::string::npos) << again.output;
}

TEST_F(Kind, ALiveRunKeepsItsCluster) {
  const Results results;
  Program program(cluster.run(results, "brokers/3-leader-down.yaml"));
  ASSERT_TRUE(program.wait_for_output("using the kind cluster")) << program.output();
  const Finished down = faultline({"down", "--cluster", cluster.name()});
  EXPECT_EQ(down.exit_code, 255) << down.output;
  EXPECT_NE(down.output.find("is in use"), std::string::npos) << down.output;
  const Finished run = faultline(cluster.run(results, "brokers/3-leader-down.yaml"));
  EXPECT_EQ(run.exit_code, 255) << run.output;
  EXPECT_NE(run.output.find("is in use"), std::string::npos) << run.output;
  program.signal(SIGINT);
  EXPECT_EQ(program.wait().exit_code, 130) << program.output();
  EXPECT_TRUE(cluster.becomes_clean()) << cluster.leftovers();
}

TEST_F(Kind, WhatIsNotFaultlinesStays) {
  const SomebodysCluster theirs(cluster.name() + "-theirs");
  const Finished down = faultline({"down", "--cluster", theirs.name()});
  EXPECT_EQ(down.exit_code, 254) << down.output;
  EXPECT_NE(down.output.find("did not make"), std::string::npos) << down.output;
  const Finished up = faultline({"up", "--cluster", theirs.name()});
  EXPECT_EQ(up.exit_code, 255) << up.output;
  EXPECT_NE(up.output.find("did not make"), std::string::npos) << up.output;
  EXPECT_EQ(faultline({"heal"}).exit_code, 0);
  EXPECT_EQ(kind_nodes(theirs.name()).count(theirs.node()), 1u);
}

TEST_F(Kind, DownOfNoneSaysSo) {
  const Finished down = faultline({"down", "--cluster", cluster.name() + "-none"});
  EXPECT_EQ(down.exit_code, 0) << down.output;
  EXPECT_NE(down.output.find("there is no kind cluster"), std::string::npos) << down.output;
}

TEST_F(Kind, HarnessKilledWhileMakingAClusterLeavesNothingAfterHeal) {
  const std::string half = cluster.name() + "-half";
  Program program({"up", "--cluster", half});
  ASSERT_TRUE(program.wait_for_output("Writing configuration")) << program.output();
  program.signal(SIGKILL);
  program.wait();
  EXPECT_FALSE(kind_nodes(half).empty());
  const Finished healed = faultline({"heal"});
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_TRUE(kind_nodes(half).empty());
}

}  // namespace
}  // namespace faultline::end_to_end
