#include "harness/kubernetes/drain.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/api/testing.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::StubReply;
using testing::StubRequest;

json pod(const std::string& name, const std::string& controller = "StatefulSet") {
  json object{{"metadata", {{"namespace", "a"}, {"name", name}, {"uid", "uid-" + name}}},
              {"spec", {{"nodeName", "w1"}}},
              {"status", {{"phase", "Running"}}}};
  if (!controller.empty())
    object["metadata"]["ownerReferences"] = {{{"kind", controller}, {"controller", true}}};
  return object;
}

// A node with pods, and evictions that are granted, held off or refused.
class Node {
 public:
  enum class Answer { granted, held_off, forbidden, misconfigured, stays };

  void add(json object, Answer answer = Answer::granted) {
    answers_[object["metadata"]["name"]] = answer;
    pods_.push_back(std::move(object));
  }
  // From the attempt of that number on.
  void grant_after(const std::string& name, int attempts) { patience_[name] = attempts; }

  // The StatefulSet makes it again under its name.
  void replace(const std::string& name) { replaced_.insert(name); }

  DrainOutcome drain(DrainOptions options = {}) {
    options.pause = 5ms;
    if (options.limit == 60s) options.limit = 5s;
    Kubernetes api(server_.access());
    return drain_node(api, "w1", options);
  }

  int evictions() const { return static_cast<int>(server_.count("POST")); }
  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& request : server_.requests())
      if (request.method == "POST") all.push_back(request.body);
    return all;
  }

 private:
  StubReply answer(const StubRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto path = request.path();
    if (path == "/api/v1")
      return {200, R"({"resources":[{"name":"pods/eviction","group":"policy","version":"v1beta1",
                       "kind":"Eviction"}]})"};
    if (path == "/api/v1/pods") {
      EXPECT_EQ(request.parameter("fieldSelector"), "spec.nodeName%3Dw1");
      return {200, json{{"items", pods_}}.dump()};
    }
    auto name = path.substr(path.rfind('/') + 1);
    if (name == "eviction") {
      name = path.substr(0, path.rfind('/'));
      return evict(name.substr(name.rfind('/') + 1));
    }
    for (const auto& one : pods_)
      if (one["metadata"]["name"] == name) return {200, one.dump()};
    return testing::status_reply(404, "NotFound", "no such pod");
  }

  StubReply evict(const std::string& name) {
    auto answer = answers_[name];
    if (patience_.contains(name) && ++attempts_[name] > patience_[name]) answer = Answer::granted;
    switch (answer) {
      case Answer::granted:
        leave(name);
        [[fallthrough]];
      case Answer::stays:
        return {201, "{}"};
      case Answer::held_off:
        return testing::status_reply(429, "TooManyRequests",
                                     "Cannot evict pod as it would violate its budget");
      case Answer::forbidden:
        return testing::status_reply(403, "Forbidden", "pods/eviction is forbidden");
      case Answer::misconfigured:
        return testing::status_reply(500, "InternalError", "more than one budget");
    }
    return {};
  }

  void leave(const std::string& name) {
    for (auto& one : pods_)
      if (one["metadata"]["name"] == name && replaced_.contains(name))
        one["metadata"]["uid"] = "another";
    if (!replaced_.contains(name))
      std::erase_if(pods_, [&](const json& one) { return one["metadata"]["name"] == name; });
  }

  std::mutex mutex_;
  std::vector<json> pods_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, int> patience_, attempts_;
  std::set<std::string> replaced_;
  testing::StubServer server_{[this](const StubRequest& request) { return answer(request); }};
};

TEST(Drain, EvictsWhatAControllerMakesAgain) {
  Node node;
  node.add(pod("nats-0"));
  node.add(pod("coredns", "ReplicaSet"));
  const auto drained = node.drain();
  EXPECT_TRUE(drained.complete());
  EXPECT_EQ(drained.gone, (std::vector<std::string>{"a/nats-0", "a/coredns"}));
  const auto body = json::parse(node.bodies().at(0));
  EXPECT_EQ(body["apiVersion"], "policy/v1beta1");
  EXPECT_EQ(body["deleteOptions"]["preconditions"]["uid"], "uid-nats-0");
}

TEST(Drain, LeavesMirrorPodsDaemonsAndWhatHasEnded) {
  Node node;
  auto mirror = pod("kube-apiserver", "");
  mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x";
  node.add(mirror);
  node.add(pod("kube-proxy", "DaemonSet"));
  auto ended = pod("job", "");
  ended["status"]["phase"] = "Succeeded";
  node.add(ended);
  EXPECT_TRUE(node.drain().complete());
  EXPECT_EQ(node.evictions(), 0);
}

TEST(Drain, NothingIsEvictedWhereOnePodMayNotGo) {
  auto with_data = pod("cache", "ReplicaSet");
  with_data["spec"]["volumes"] = {{{"name", "tmp"}, {"emptyDir", json::object()}}};
  for (const auto& [obstacle, why] : std::vector<std::pair<json, std::string>>{
           {pod("by-hand", ""), "no controller"}, {with_data, "emptyDir"}}) {
    Node node;
    node.add(pod("nats-0"));
    node.add(obstacle);
    try {
      node.drain();
      ADD_FAILURE() << why;
    } catch (const ClusterError& error) {
      EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
    EXPECT_EQ(node.evictions(), 0);
    EXPECT_TRUE(node.drain({.unmanaged = true, .empty_dir = true}).complete());
  }
}

TEST(Drain, ABudgetIsAskedAgainUntilItLetsGo) {
  Node node;
  node.add(pod("nats-0"), Node::Answer::held_off);
  node.grant_after("nats-0", 3);
  EXPECT_TRUE(node.drain().complete());
  EXPECT_EQ(node.evictions(), 4);
}

TEST(Drain, ABudgetThatHoldsToTheEndIsSaid) {
  Node node;
  node.add(pod("nats-0"), Node::Answer::held_off);
  node.add(pod("other"));
  const auto drained = node.drain({.limit = 1s});
  EXPECT_FALSE(drained.complete());
  EXPECT_EQ(drained.held_off, std::vector<std::string>{"a/nats-0"});
  EXPECT_EQ(drained.gone, std::vector<std::string>{"a/other"});
  EXPECT_NE(drained.refusal.find("violate its budget"), std::string::npos) << drained.refusal;
  EXPECT_GT(node.evictions(), 2);
}

TEST(Drain, APodIsGoneWhenAnotherHasItsName) {
  Node node;
  node.add(pod("nats-0"));
  node.replace("nats-0");
  EXPECT_TRUE(node.drain().complete());
}

TEST(Drain, AGrantedEvictionIsNoPodThatIsGone) {
  Node node;
  node.add(pod("nats-0"), Node::Answer::stays);
  const auto drained = node.drain({.limit = 50ms});
  EXPECT_EQ(drained.left, std::vector<std::string>{"a/nats-0"});
  EXPECT_TRUE(drained.held_off.empty());
  EXPECT_EQ(node.evictions(), 1) << "asked once, then waited for";
}

TEST(Drain, OtherRefusalsAreErrors) {
  for (const auto answer : {Node::Answer::forbidden, Node::Answer::misconfigured}) {
    Node node;
    node.add(pod("nats-0"), answer);
    EXPECT_THROW(node.drain(), KubernetesError);
  }
}

TEST(Drain, CanBeInterrupted) {
  Node node;
  node.add(pod("nats-0"), Node::Answer::held_off);
  EXPECT_THROW(node.drain({.cancelled = [] { return true; }}), ClusterError);
}

}  // namespace
}  // namespace faultline
