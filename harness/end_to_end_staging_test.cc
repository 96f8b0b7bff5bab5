// The provider kubernetes on a real cluster, with brokers that somebody else deployed: with TLS,
// users, volumes of their own, and no more permissions than kind-config/rbac gives.
#include "harness/end_to_end_staging.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <thread>

#include "harness/cluster/requirement_testing.h"

namespace faultline::end_to_end {
namespace {

constexpr int usage = 254;

const KindTestCluster cluster{FAULTLINE_KIND_CLUSTER};

class Staging : public ::testing::Test {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("kind", missing_for_kind().empty());
    use_state_folder("state");
    brokers_.emplace(cluster, files_.path());
  }

  // As on a machine of its own.
  void use_state_folder(const std::string& name) const {
    ::setenv("FAULTLINE_STATE_DIR", (files_.path() / name).c_str(), 1);
  }

  std::vector<std::string> command(const std::vector<std::string>& words,
                                   const TargetWish& wish = {}) {
    std::vector<std::string> all = words;
    for (const auto& word : {std::string("--provider"), std::string("kubernetes"),
                             std::string("--target"), brokers_->target(wish).string()})
      all.push_back(word);
    return all;
  }

  std::vector<std::string> run(const std::vector<std::string>& below_scenarios) {
    std::vector<std::string> words{"run", "--yes", "--results", files_.path().string()};
    for (const auto& file : below_scenarios) words.push_back(scenario(file).string());
    return command(words);
  }

  void expect_refused(const Finished& finished, const std::string& because) {
    EXPECT_EQ(finished.exit_code, usage) << finished.output;
    EXPECT_NE(finished.output.find(because), std::string::npos) << finished.output;
    EXPECT_EQ(std::ranges::count(finished.output, '\n'), 1) << finished.output;
  }

  const Results files_;
  std::optional<SomebodysBrokers> brokers_;
};

TEST_F(Staging, WhatMayNotBeDoneIsRefusedAndNothingIsChanged) {
  const auto pods = brokers_->pods();
  const Finished doctor = faultline(command({"doctor"}));
  EXPECT_EQ(doctor.exit_code, 0) << doctor.output;
  EXPECT_EQ(doctor.output.find("absent"), std::string::npos) << doctor.output;
  const Finished plan = faultline(command({"plan", "1.3"}));
  EXPECT_EQ(plan.exit_code, 0) << plan.output;
  for (const char* said : {"nats-2 on ", "broker-kill leader", "Nothing was changed."})
    EXPECT_NE(plan.output.find(said), std::string::npos) << plan.output;

  const TargetWish lesser{.service_account = "lesser"};
  const Finished absent = faultline(command({"doctor"}, lesser));
  EXPECT_EQ(absent.exit_code, 0) << "some scenarios could run: " << absent.output;
  EXPECT_NE(absent.output.find("absent"), std::string::npos) << absent.output;
  for (const char* verb : {"plan", "run"})
    expect_refused(faultline(command({verb, "1.3"}, lesser)),
                   "the permission to delete pods in messaging is missing");
  expect_refused(
      faultline(command({"plan", "1.3"}, {.token = brokers_->token_that_is_no_longer_good()})),
      "the credentials are wrong or have expired");
  expect_refused(faultline(command({"plan", "1.3"}, {.user = "small"})),
                 "the account has too little storage");
  expect_refused(faultline(command({"plan", "1.6"})), "allow.pods_at_once is 1");

  EXPECT_EQ(brokers_->leftovers(), "");
  EXPECT_EQ(brokers_->pods(), pods);
  EXPECT_EQ(cluster.kubectl("get leases --namespace messaging -o name"), "");
}

// What a killed harness is healed of is a kill; here nobody is killed.
TEST_F(Staging, DrainIsSurvived) {
  const Finished finished = faultline(run({"drains/1-follower.yaml"}));
  ASSERT_EQ(finished.exit_code, 0) << finished.output;
  const auto json = files_.run_json("drain-follower");
  EXPECT_EQ(json["outcome"], "pass");
  EXPECT_EQ(json["provider"], "kubernetes");
  EXPECT_EQ(check(json, "lost")["counts"]["lost"], 0);
  const Finished history = faultline({"history", files_.run("drain-follower").string()});
  for (const char* stage : {" striking: ", " proven: ", " held: ", " healed: "})
    EXPECT_NE(history.output.find(stage), std::string::npos) << stage;
  EXPECT_TRUE(brokers_->become_clean()) << brokers_->leftovers();
}

TEST_F(Staging, KilledHarnessIsHealedFromAnotherMachine) {
  Program program(run({"brokers/3-leader-down.yaml"}));
  ASSERT_TRUE(program.wait_for_output(" fault ")) << program.output();
  std::this_thread::sleep_for(std::chrono::seconds(3));  // the strike takes two or three
  program.signal(SIGKILL);
  program.wait();
  const auto left = brokers_->leftovers();
  for (const char* what : {"configmap/faultline-undo-", "node/", "has a stream"})
    EXPECT_NE(left.find(what), std::string::npos) << left;
  use_state_folder("elsewhere");
  const Finished healed = faultline(command({"heal"}));
  EXPECT_EQ(healed.exit_code, 0) << healed.output;
  EXPECT_TRUE(brokers_->become_clean()) << brokers_->leftovers();
  EXPECT_EQ(faultline(command({"heal"})).output, "clean\n") << "a second heal does nothing";
  use_state_folder("state");
  EXPECT_EQ(faultline({"heal"}).exit_code, 0) << "also where it was killed";
}

}  // namespace
}  // namespace faultline::end_to_end
