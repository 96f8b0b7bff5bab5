#include "harness/kubernetes/pod_exits.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using namespace std::chrono_literals;

class PodExitsTest : public ::testing::Test {
 protected:
  PodExitsTest() { see(pod("a")); }

  static Pod pod(const std::string& uid, int restarts = 0) {
    Pod pod;
    pod.name = "nats-0";
    pod.uid = uid;
    pod.restarts = restarts;
    pod.running = pod.ready = true;
    pod.container = "c" + uid + std::to_string(restarts);
    pod.ended = "signal 11";
    return pod;
  }

  bool see(const Pod& pod) { return exits_.see("nats-0", pod); }

  std::chrono::steady_clock::time_point now_{};
  PodExits exits_{[this] { return now_; }};
};

TEST_F(PodExitsTest, WhatStaysDidNotExit) {
  see(pod("a"));
  EXPECT_TRUE(exits_.take().empty());
  EXPECT_FALSE(exits_.last("nats-0"));
}

TEST_F(PodExitsTest, ARestartNobodyOrderedIsAnExitOfItsOwn) {
  EXPECT_TRUE(see(pod("a", 1))) << "whose log is to be kept";
  EXPECT_FALSE(see(pod("a", 1)));
  const auto exits = exits_.take();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_FALSE(exits[0].expected);
  EXPECT_EQ(exits[0].detail, "signal 11");
  EXPECT_EQ(exits[0].process, "container ca0");
  EXPECT_EQ(exits_.last("nats-0")->detail, "signal 11");
  EXPECT_TRUE(exits_.take().empty()) << "told once";
}

TEST_F(PodExitsTest, APodThatSomebodyElseDeletedIsToldAsThat) {
  EXPECT_FALSE(see(pod("b"))) << "its log went with it";
  const auto exits = exits_.take();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_FALSE(exits[0].expected);
  EXPECT_EQ(exits[0].detail, "somebody else deleted its pod");
}

TEST_F(PodExitsTest, WhatTheHarnessDoesIsExpectedUntilAnotherRuns) {
  exits_.expect("nats-0");
  auto waiting = pod("b");
  waiting.running = waiting.ready = false;
  see(waiting);
  see(pod("b"));
  EXPECT_TRUE(exits_.take().empty());
  see(pod("b", 1));
  EXPECT_EQ(exits_.take().size(), 1u) << "the next one is its own again";
}

// A worker that was lost for too long comes back, the container is started again, and
// then Kubernetes replaces the pod that it had given up: it was taken for a crash.
TEST_F(PodExitsTest, APodGivenUpForALostWorkerIsNoExitOfItsOwn) {
  exits_.expect("nats-0");
  EXPECT_FALSE(see(pod("a", 1)));
  see(pod("b"));
  EXPECT_TRUE(exits_.take().empty());
  see(pod("b", 1));
  EXPECT_EQ(exits_.take().size(), 1u) << "but a crash is one";
}

TEST_F(PodExitsTest, ACrashLoopIsToldOncePerCrash) {
  exits_.expect("nats-0");
  see(pod("b"));
  auto down = pod("b", 1);
  down.running = down.ready = false;
  see(down);
  see(down);
  EXPECT_EQ(exits_.take().size(), 1u);
}

// A later crash of a broker that a fault had left alive was never seen.
TEST_F(PodExitsTest, APodThatCameThroughIsForgivenForHalfAMinute) {
  exits_.expect("nats-0");
  see(pod("a"));
  now_ += 20s;
  auto unready = pod("a");
  unready.ready = false;
  see(unready);  // the half minute begins anew
  now_ += 20s;
  see(pod("a"));
  now_ += 20s;
  see(pod("a"));
  auto given_up = pod("b");
  see(given_up);
  EXPECT_TRUE(exits_.take().empty());

  exits_.expect("nats-0");
  see(pod("b"));
  now_ += 31s;
  see(pod("b"));
  see(pod("b", 1));
  EXPECT_EQ(exits_.take().size(), 1u);
}

TEST_F(PodExitsTest, ADrainThatWasHeldOffExpectsNothingMore) {
  exits_.expect("nats-0");
  exits_.expect_no_more("nats-0");
  see(pod("a", 1));
  EXPECT_EQ(exits_.take().size(), 1u);
}

TEST_F(PodExitsTest, AnExitOfTheHarnessIsKept) {
  exits_.note({"nats-0", true, false, "evicted", "container c"});
  EXPECT_TRUE(exits_.last("nats-0")->expected);
  EXPECT_EQ(exits_.take().size(), 1u);
}

}  // namespace
}  // namespace faultline
