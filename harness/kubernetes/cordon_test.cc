#include "harness/kubernetes/cordon.h"

#include <gtest/gtest.h>

#include <atomic>

#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/api/testing_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using testing::impatient;
using testing::refusal_of;
using testing::StubObjects;
using testing::StubReply;
using testing::StubRequest;
using testing::StubServer;

constexpr auto path = "/api/v1/nodes/w";

class CordonTest : public ::testing::Test {
 protected:
  CordonTest()
      : objects_([this](const StubRequest& request) { return before(request); }),
        server_(std::ref(objects_)),
        api_(server_.access(), impatient()) {
    objects_.put(path, {{"metadata", {{"annotations", {{"theirs", "1"}}}}},
                        {"spec", {{"podCIDR", "10.0.0.0/24"}}}});
  }

  json node() const { return objects_.find(path).value(); }
  bool unschedulable() const { return node()["spec"].value("unschedulable", false); }
  std::string owner() const {
    return node()["metadata"]["annotations"].value("faultline.dev/cordoned-by", "");
  }

  void change(const json& merged) {
    auto changed = node();
    changed.merge_patch(merged);
    objects_.put(path, changed);
  }

  // The kubelet is faster so many times.
  std::optional<StubReply> before(const StubRequest& request) {
    if (request.method == "PATCH" && interferences_-- > 0) {
      auto meanwhile = interference_;
      meanwhile["status"]["beats"] = interferences_.load();
      change(meanwhile);
    }
    return {};
  }

  std::atomic<int> interferences_ = 0;
  json interference_ = json::object();
  StubObjects objects_;
  StubServer server_;
  Kubernetes api_;
};

TEST_F(CordonTest, AndBack) {
  EXPECT_TRUE(cordon(api_, "w", "run-1"));
  EXPECT_TRUE(unschedulable());
  EXPECT_EQ(owner(), "run-1");
  EXPECT_TRUE(uncordon(api_, "w", "run-1"));
  EXPECT_FALSE(unschedulable());
  EXPECT_EQ(owner(), "");
  EXPECT_EQ(node()["metadata"]["annotations"], (json{{"theirs", "1"}}));
  EXPECT_EQ(node()["spec"], (json{{"podCIDR", "10.0.0.0/24"}}));
}

TEST_F(CordonTest, WhatSomebodyElseCordonedStaysHis) {
  change({{"spec", {{"unschedulable", true}}}});
  const auto before = node();
  EXPECT_FALSE(cordon(api_, "w", "run-1"));
  EXPECT_FALSE(uncordon(api_, "w", "run-1"));
  EXPECT_EQ(node(), before);
}

TEST_F(CordonTest, WhatAnotherRunCordonedStaysItsOwn) {
  EXPECT_TRUE(cordon(api_, "w", "run-1"));
  EXPECT_FALSE(cordon(api_, "w", "run-2"));
  EXPECT_FALSE(uncordon(api_, "w", "run-2"));
  EXPECT_TRUE(unschedulable());
  EXPECT_EQ(owner(), "run-1");
}

TEST_F(CordonTest, NothingToTakeBack) {
  const auto before = node();
  EXPECT_FALSE(uncordon(api_, "w", "run-1"));
  EXPECT_EQ(node(), before);
  EXPECT_EQ(server_.count("PATCH"), 0u);
}

TEST_F(CordonTest, AConflictIsLookedAtAgain) {
  interferences_ = 3;
  EXPECT_TRUE(cordon(api_, "w", "run-1"));
  EXPECT_TRUE(unschedulable());
  EXPECT_EQ(server_.count("PATCH"), 4u);
  interferences_ = 2;
  EXPECT_TRUE(uncordon(api_, "w", "run-1"));
  EXPECT_FALSE(unschedulable());
}

TEST_F(CordonTest, SomebodyElseIsFasterByAMoment) {
  interference_ = {{"spec", {{"unschedulable", true}}}};
  interferences_ = 1;  // the last: what the server's threads look at first
  EXPECT_FALSE(cordon(api_, "w", "run-1"));
  EXPECT_TRUE(unschedulable());
  EXPECT_EQ(owner(), "");
}

TEST_F(CordonTest, ConflictsWithoutEndAreAnError) {
  interferences_ = 1'000;
  EXPECT_EQ(refusal_of([&] { cordon(api_, "w", "run-1"); }).status, 409);
  EXPECT_LT(server_.count("PATCH"), 100u);
  EXPECT_FALSE(unschedulable());
}

TEST_F(CordonTest, ANodeThatIsNotThere) {
  EXPECT_FALSE(cordon(api_, "gone", "run-1"));
  EXPECT_FALSE(uncordon(api_, "gone", "run-1"));
}

}  // namespace
}  // namespace faultline
