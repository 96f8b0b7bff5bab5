#include "harness/kubernetes/pod.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using nlohmann::json;

Pod with_status(const json& status) { return read_pod({{"status", status}}); }

Pod with_container(const json& container) {
  return with_status({{"phase", "Running"}, {"containerStatuses", json::array({container})}});
}

json terminated(const json& how) { return {{"terminated", how}}; }

TEST(Pod, OneThatRuns) {
  const auto pod = read_pod(json::parse(R"({
    "metadata": {"name": "nats-0", "uid": "u"},
    "spec": {"nodeName": "w"},
    "status": {
      "phase": "Running",
      "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
      "containerStatuses": [{"restartCount": 2, "state": {"running": {"startedAt": "x"}},
                             "containerID": "containerd://0123456789abcdef"}]}})"));
  EXPECT_EQ(pod.name, "nats-0");
  EXPECT_EQ(pod.uid, "u");
  EXPECT_EQ(pod.node, "w");
  EXPECT_EQ(pod.phase, "Running");
  EXPECT_EQ(pod.container, "0123456789ab");
  EXPECT_EQ(pod.restarts, 2);
  EXPECT_TRUE(pod.running);
  EXPECT_TRUE(pod.ready);
  EXPECT_FALSE(pod.deleting);
  EXPECT_EQ(pod.waiting, "");
  EXPECT_EQ(pod.ended, "");
}

TEST(Pod, OneOfWhichNothingIsKnownYet) {
  for (const json& object :
       {json::object(), json{{"status", json::object()}},
        json{{"status", {{"containerStatuses", json::array()}}}},
        json{{"status", {{"containerStatuses", nullptr}, {"conditions", nullptr}}}}}) {
    const auto pod = read_pod(object);
    EXPECT_FALSE(pod.running);
    EXPECT_FALSE(pod.ready);
    EXPECT_EQ(pod.waiting, "");
    EXPECT_EQ(pod.container, "");
  }
}

TEST(Pod, OneThatFindsNoNode) {
  const auto pod = with_status(json::parse(R"({"phase": "Pending", "conditions": [
    {"type": "Ready", "status": "False", "reason": "no"},
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/4 nodes"}
  ]})"));
  EXPECT_EQ(pod.phase, "Pending");
  EXPECT_EQ(pod.waiting, "Unschedulable: 0/4 nodes");
  EXPECT_FALSE(pod.ready);
}

TEST(Pod, OneThatWaitsForItsImage) {
  const auto pod = with_container(
      {{"state", {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "Back-off"}}}}}});
  EXPECT_EQ(pod.waiting, "ImagePullBackOff: Back-off");
  EXPECT_FALSE(pod.running);
  EXPECT_EQ(with_container({{"state", {{"waiting", {{"reason", "ContainerCreating"}}}}}}).waiting,
            "ContainerCreating");
}

TEST(Pod, OneThatIsAskedToLeave) {
  EXPECT_TRUE(read_pod({{"metadata", {{"deletionTimestamp", "2026-11-23T09:00:00Z"}}}}).deleting);
}

TEST(Pod, HowItsContainerEnded) {
  const auto ended = [](const json& how) {
    return with_container({{"state", terminated(how)}}).ended;
  };
  EXPECT_EQ(ended({{"exitCode", 0}, {"reason", "Completed"}}), "exit status 0");
  EXPECT_EQ(ended({{"exitCode", 1}, {"reason", "Error"}}), "exit status 1");
  EXPECT_EQ(ended({{"exitCode", 128}}), "exit status 128");
  EXPECT_EQ(ended({{"exitCode", 137}, {"reason", "Error"}}), "signal 9");
  EXPECT_EQ(ended({{"exitCode", 143}}), "signal 15");
  EXPECT_EQ(ended({{"exitCode", 0}, {"signal", 9}}), "signal 9");
  EXPECT_EQ(ended({{"exitCode", 137}, {"reason", "OOMKilled"}}), "signal 9, out of memory");
}

TEST(Pod, OneThatWasRestarted_HowItEndedBefore) {
  const auto pod = with_container({{"restartCount", 1},
                                   {"state", {{"running", json::object()}}},
                                   {"lastState", terminated({{"exitCode", 2}})}});
  EXPECT_TRUE(pod.running);
  EXPECT_EQ(pod.restarts, 1);
  EXPECT_EQ(pod.ended, "exit status 2");
}

TEST(Pod, OneThatCrashesAgainAndAgain_ItsLastEndCounts) {
  const auto pod = with_container(
      {{"state", terminated({{"exitCode", 3}})}, {"lastState", terminated({{"exitCode", 2}})}});
  EXPECT_FALSE(pod.running);
  EXPECT_EQ(pod.ended, "exit status 3");
}

}  // namespace
}  // namespace faultline
