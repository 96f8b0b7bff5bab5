// Every way of doing harm is refused, and the API server never hears of it.
#include "harness/kubernetes/guard.h"

#include <gtest/gtest.h>

#include "harness/cluster/packet_rules.h"
#include "harness/kubernetes/agent_pod.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/undo_record.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono;

std::string address_of(const std::string& pod) { return "10.0.0." + pod.substr(pod.size() - 1); }

std::vector<std::string> drop(const std::string& own = "10.0.0.0",
                              const std::string& other = "10.0.0.1", seconds limit = 60s) {
  return drop_packets({own}, {other}, limit);
}

json pod(const std::string& name, const std::string& node, const Labels& labels,
         const std::string& namespace_name = "messaging") {
  return {{"metadata",
           {{"name", name},
            {"namespace", namespace_name},
            {"uid", "uid-" + name},
            {"labels", labels},
            {"ownerReferences", {{{"kind", "StatefulSet"}, {"controller", true}}}}}},
          {"spec", {{"nodeName", node}}},
          {"status", {{"phase", "Running"}, {"podIPs", {{{"ip", address_of(name)}}}}}}};
}

json node(const std::string& name, const Labels& labels = {}) {
  return {{"metadata", {{"name", name}, {"resourceVersion", "7"}, {"labels", labels}}},
          {"spec", json::object()},
          {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

// A cluster of objects by path; changes are counted and answered, not made.
class GuardTest : public ::testing::Test {
 protected:
  GuardTest() {
    target_.file = "target.yaml";
    target_.brokers.namespace_name = "messaging";
    target_.brokers.selector = {{"app", "nats"}};
    target_.faults = {"broker-kill"};
    target_.pods = {{"messaging", {{"app", "nats"}}}};
    target_.pods_at_once = 2;
    target_.nodes_at_once = 2;
    for (int i = 0; i < 4; ++i) {
      const auto name = "w" + std::to_string(i);
      objects_["/api/v1/nodes/" + name] = node(name);
      const auto broker = "nats-" + std::to_string(i);
      put(pod(broker, name, {{"app", "nats"}, {"tier", "broker"}}));
    }
    objects_["/api/v1/nodes/cp"] = node("cp", {{"node-role.kubernetes.io/control-plane", ""}});
    objects_["/api/v1/nodes/idle"] = node("idle");
    put(pod("other", "w0", {{"app", "other"}}));
    put(pod("nats-0", "w0", {{"app", "nats"}}, "elsewhere"));
  }

  void put(const json& object) {
    const auto& metadata = object["metadata"];
    objects_["/api/v1/namespaces/" + metadata["namespace"].get<std::string>() + "/pods/" +
             metadata["name"].get<std::string>()] = object;
  }

  testing::StubReply answer(const testing::StubRequest& request) {
    if (request.method != "GET") return {200, "{}", {}};
    if (const auto found = objects_.find(request.path()); found != objects_.end())
      return {200, found->second.dump(), {}};
    const bool is_list = request.path().ends_with("/pods");
    if (!is_list) return testing::status_reply(404, "NotFound", "there is none");
    json items = json::array();
    const auto parts = request.path().find("/namespaces/");
    const auto wanted = request.parameter("fieldSelector");
    for (const auto& [path, object] : objects_) {
      if (path.find("/pods/") == path.npos) continue;
      if (parts != std::string::npos && !path.starts_with(request.path() + "/")) continue;
      if (wanted.empty() ||
          wanted.ends_with("spec.nodeName%3D" + object["spec"].value("nodeName", "")))
        items.push_back(object);
    }
    return {200, json{{"items", items}}.dump(), {}};
  }

  Guard& guard() {
    if (!guard_) {
      GuardOptions options{own_node_, own_pod_, [this] { return now_; }, [this] { return held_; }};
      guard_ = std::make_unique<Guard>(target_, reader_, options);
      api_ = std::make_unique<Kubernetes>(
          server_.access(),
          KubernetesOptions{
              .before_change = [this](const auto& method, const auto& path, const auto& body) {
                guard_->check(method, path, body);
              }});
    }
    return *guard_;
  }

  Kubernetes& api() { return guard(), *api_; }

  void begin(const std::vector<std::string>& faults = {"broker-kill"}) {
    guard().begin_run("r1", faults);
    for (const char* name : {"w0", "w1", "w2", "w3", "cp", "idle"}) guard().undo_is_kept(name);
  }

  void cordon_node(const std::string& name) { cordon(api(), name, "r1"); }

  void delete_pod(const std::string& name, const std::string& namespace_name = "messaging") {
    api().remove("/api/v1/namespaces/" + namespace_name + "/pods/" + name,
                 {1, "uid-" + name, true});
  }

  void begin_with_agent() {
    target_.agent = Agent{"agent:1", "tools"};
    target_.faults = {"partition"};
    begin({"partition"});
  }

  void enter(const std::string& node, const std::vector<std::string>& command = list_rules(),
             const std::string& run = "r1", const std::string& namespace_name = "tools") {
    api().create("/api/v1/namespaces/" + namespace_name + "/pods",
                 agent_pod(Agent{"agent:1", "tools"}, {run, node, command}, "faultline-agent-1"));
  }

  std::size_t changes() const { return server_.requests().size() - server_.count("GET"); }

  template <class Action>
  void expect_refused(const Action& action, const std::string& because) {
    const auto before = changes();
    try {
      action();
      ADD_FAILURE() << "allowed, though " << because;
    } catch (const Refusal& refusal) {
      const std::string what = refusal.what();
      EXPECT_NE(what.find(because), std::string::npos) << what;
      EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    }
    EXPECT_EQ(changes(), before) << "the API server was asked to change something";
  }

  TargetFile target_;
  std::string own_node_, own_pod_;
  bool held_ = true;
  system_clock::time_point now_ = sys_days{2026y / November / 25} + 9h;  // a Wednesday
  std::map<std::string, json> objects_;
  testing::StubServer server_{
      [this](const testing::StubRequest& request) { return answer(request); }};
  Kubernetes reader_{server_.access()};
  std::unique_ptr<Guard> guard_;
  std::unique_ptr<Kubernetes> api_;
};

TEST_F(GuardTest, WhatIsAllowedPasses) {
  begin();
  cordon_node("w0");
  delete_pod("nats-0");
  EXPECT_EQ(server_.count("PATCH"), 1u);
  EXPECT_EQ(server_.count("DELETE"), 1u);
}

TEST_F(GuardTest, OnlyDuringARun) {
  expect_refused([&] { cordon_node("w0"); }, "no run is under way");
  begin();
  cordon_node("w0");
  guard().end_run();
  expect_refused([&] { delete_pod("nats-0"); }, "no run is under way");
}

TEST_F(GuardTest, OnlyWithTheLease) {
  begin();
  cordon_node("w0");
  held_ = false;
  expect_refused([&] { cordon_node("w1"); }, "the Lease is lost");
  expect_refused([&] { delete_pod("nats-0"); }, "the Lease is lost");
}

TEST_F(GuardTest, OnlyListedFaults) {
  expect_refused(
      [&] {
        guard().begin_run("r1", {"broker-kill", "broker-stop"});
      },
      "broker-stop is not listed");
  begin();
  cordon_node("w0");
  expect_refused(
      [&] {
        api().create("/api/v1/namespaces/messaging/pods/nats-0/eviction",
                     {{"metadata", {{"name", "nats-0"}}}});
      },
      "no fault of this run evicts pods");
}

TEST_F(GuardTest, ADrainDeletesNothing) {
  target_.faults = {"worker-drain"};
  objects_.erase("/api/v1/namespaces/messaging/pods/other");
  objects_.erase("/api/v1/namespaces/elsewhere/pods/nats-0");
  begin({"worker-drain"});
  cordon_node("w0");
  api().create("/api/v1/namespaces/messaging/pods/nats-0/eviction", json::object());
  EXPECT_EQ(server_.count("POST"), 1u);
  expect_refused([&] { delete_pod("nats-0"); }, "no fault of this run deletes pods");
}

TEST_F(GuardTest, ANamespaceThatIsNotListed) {
  begin();
  cordon_node("w0");
  expect_refused([&] { delete_pod("nats-0", "elsewhere"); },
                 "the namespace 'elsewhere' is not listed");
}

TEST_F(GuardTest, APodWithoutTheLabel) {
  begin();
  cordon_node("w0");
  expect_refused([&] { delete_pod("other"); }, "does not carry app=nats");
}

TEST_F(GuardTest, EveryLabelCounts) {
  target_.pods = {{"messaging", {{"app", "nats"}, {"tier", "cache"}}}};
  target_.nodes = {};
  begin();
  expect_refused([&] { cordon_node("w0"); }, "hosts no pod of allow.pods");
}

TEST_F(GuardTest, MorePodsThanAllowed) {
  target_.pods_at_once = 1;
  begin();
  cordon_node("w0");
  cordon_node("w1");
  delete_pod("nats-0");
  delete_pod("nats-0");  // the same once more is no second one
  expect_refused([&] { delete_pod("nats-1"); }, "allow.pods_at_once is 1");
  EXPECT_EQ(server_.count("DELETE"), 2u);
}

TEST_F(GuardTest, MoreNodesThanAllowed) {
  begin();
  cordon_node("w0");
  cordon_node("w1");
  expect_refused([&] { cordon_node("w2"); }, "allow.nodes_at_once is 2");
}

TEST_F(GuardTest, WhatIsHealedCountsNoMore) {
  target_.pods_at_once = target_.nodes_at_once = 1;
  begin();
  cordon_node("w0");
  delete_pod("nats-0");
  objects_["/api/v1/nodes/w0"]["metadata"]["annotations"]["faultline.dev/cordoned-by"] = "r1";
  uncordon(api(), "w0", "r1");
  cordon_node("w1");
  delete_pod("nats-1");
  EXPECT_EQ(server_.count("DELETE"), 2u);
}

TEST_F(GuardTest, OutsideTheHours) {
  target_.times = {{{1, 2, 3, 4, 5}, 8h, 18h}};
  begin();
  cordon_node("w0");
  now_ += 10h;
  expect_refused([&] { cordon_node("w1"); }, "outside the hours");
  expect_refused([&] { delete_pod("nats-0"); }, "outside the hours");
  now_ = sys_days{2026y / November / 28} + 9h;  // a Saturday
  expect_refused([&] { cordon_node("w1"); }, "outside the hours");
}

TEST_F(GuardTest, HealingIsAllowedAtAnyTime) {
  target_.times = {{{1, 2, 3, 4, 5}, 8h, 18h}};
  now_ += 10h;
  held_ = false;
  objects_["/api/v1/nodes/w0"]["metadata"]["annotations"]["faultline.dev/cordoned-by"] = "old";
  EXPECT_TRUE(uncordon(api(), "w0", "old"));
}

TEST_F(GuardTest, ItsOwnNode) {
  own_node_ = "w0";
  begin();
  expect_refused([&] { cordon_node("w0"); }, "faultline itself runs on the node w0");
}

TEST_F(GuardTest, ItsOwnPod) {
  own_pod_ = "messaging/nats-0";
  begin();
  cordon_node("w0");
  expect_refused([&] { delete_pod("nats-0"); }, "faultline itself is the pod");
}

TEST_F(GuardTest, ControlPlanes) {
  target_.nodes = {{"node-role.kubernetes.io/control-plane", ""}};
  begin();
  expect_refused([&] { cordon_node("cp"); }, "is a control plane");
}

TEST_F(GuardTest, NodesWithoutOneOfThePods) {
  begin();
  expect_refused([&] { cordon_node("idle"); }, "hosts no pod of allow.pods");
}

TEST_F(GuardTest, NodesWithoutTheLabel) {
  target_.nodes = {{"pool", "chaos"}};
  begin();
  expect_refused([&] { cordon_node("w0"); }, "does not carry pool=chaos");
}

TEST_F(GuardTest, NodesThatAreNotReady) {
  objects_["/api/v1/nodes/w0"]["status"]["conditions"][0]["status"] = "Unknown";
  begin();
  expect_refused([&] { cordon_node("w0"); }, "is not Ready");
}

TEST_F(GuardTest, ANodeThatIsNotThere) {
  begin();
  guard().undo_is_kept("w9");
  expect_refused(
      [&] {
        api().patch("/api/v1/nodes/w9", {{"spec", {{"unschedulable", true}}}});
      },
      "there is no node w9");
}

TEST_F(GuardTest, SomebodyElsesCordonStays) {
  objects_["/api/v1/nodes/w0"]["spec"]["unschedulable"] = true;
  begin();
  expect_refused(
      [&] {
        api().patch("/api/v1/nodes/w0", {{"spec", {{"unschedulable", nullptr}}}});
      },
      "was not cordoned by faultline");
  expect_refused(
      [&] {
        api().patch("/api/v1/nodes/w0", {{"spec", {{"unschedulable", true}}}});
      },
      "by somebody else's doing");
}

TEST_F(GuardTest, NothingBeforeItsUndoIsKept) {
  guard().begin_run("r1", {"broker-kill"});
  expect_refused([&] { cordon_node("w0"); }, "no undo record is kept of the node w0");
}

TEST_F(GuardTest, NoPodBeforeItsNodeIsCordoned) {
  begin();
  expect_refused([&] { delete_pod("nats-0"); }, "on a node that this run has not cordoned");
}

TEST_F(GuardTest, APodThatWasMadeAnewMeanwhile) {
  begin();
  cordon_node("w0");
  expect_refused(
      [&] {
        api().remove("/api/v1/namespaces/messaging/pods/nats-0", {1, "uid-before", true});
      },
      "is not the one that was chosen");
  expect_refused(
      [&] {
        api().remove("/api/v1/namespaces/messaging/pods/nats-0", {1, "", true});
      },
      "is not the one that was chosen");
}

TEST_F(GuardTest, DrainsThatWouldHitOthers) {
  target_.faults = {"worker-drain"};
  begin({"worker-drain"});
  expect_refused([&] { cordon_node("w0"); }, "a drain would evict a pod that may not be hit");

  put(pod("stateless", "w1", {{"app", "nats"}}));
  auto& bare = objects_["/api/v1/namespaces/messaging/pods/stateless"];
  bare["metadata"].erase("ownerReferences");
  expect_refused([&] { cordon_node("w1"); }, "nothing makes it anew");

  bare = pod("stateless", "w1", {{"app", "nats"}});
  bare["spec"]["volumes"] = {{{"name", "x"}, {"emptyDir", json::object()}}};
  expect_refused([&] { cordon_node("w1"); }, "it has an emptyDir");
}

TEST_F(GuardTest, ADrainLeavesWhatBelongsToTheNode) {
  target_.faults = {"worker-drain"};
  auto proxy = pod("proxy", "w1", {{"app", "proxy"}}, "kube-system");
  proxy["metadata"]["ownerReferences"][0]["kind"] = "DaemonSet";
  put(proxy);
  auto mirror = pod("mirror", "w1", {}, "kube-system");
  mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x";
  put(mirror);
  begin({"worker-drain"});
  cordon_node("w1");
  EXPECT_EQ(server_.count("PATCH"), 1u);
}

TEST_F(GuardTest, OtherChangesOfANode) {
  begin();
  const auto change = [&](const json& body) {
    expect_refused([&] { api().patch("/api/v1/nodes/w0", body); }, "other than cordoning it");
  };
  change({{"spec", {{"unschedulable", true}, {"taints", json::array()}}}});
  change({{"spec", {{"unschedulable", "yes"}}}});
  change({{"metadata", {{"labels", {{"a", "b"}}}}}, {"spec", {{"unschedulable", true}}}});
  change({{"metadata", {{"annotations", {{"a", "b"}}}}}, {"spec", {{"unschedulable", true}}}});
  change({{"status", json::object()}, {"spec", {{"unschedulable", true}}}});
  change(json::array());
}

TEST_F(GuardTest, EverythingElse) {
  begin();
  cordon_node("w0");
  const std::string of_messaging = "/api/v1/namespaces/messaging/";
  const json any = {{"metadata", {{"name", "x"}}}};
  const auto remove = [&](const std::string& path) {
    expect_refused([&] { api().remove(path, {1, "uid-x", true}); }, "");
  };
  remove(of_messaging + "pods");
  remove(of_messaging + "pods?labelSelector=app");
  remove(of_messaging + "persistentvolumeclaims/data-nats-0");
  remove(of_messaging + "secrets/x");
  remove("/api/v1/namespaces/messaging");
  remove("/api/v1/nodes/w0");
  remove("/api/v1/persistentvolumes/x");
  remove("/apis/apps/v1/namespaces/messaging/statefulsets/nats");
  remove("/apis/coordination.k8s.io/v1/namespaces/messaging/leases/faultline");
  remove(of_messaging + "configmaps/nats-config");
  remove("/api/v1/namespaces/elsewhere/configmaps/faultline-undo-r1");
  remove(of_messaging + "pods/../../nodes/w0");
  remove(of_messaging + "pods/nats-0%2f..");
  remove(of_messaging + "pods//nats-0");
  remove(of_messaging + "pods/nats-0/");
  remove("");
  const auto create = [&](const std::string& path) {
    expect_refused([&] { api().create(path, any); }, "");
  };
  create(of_messaging + "pods");
  create(of_messaging + "pods/nats-0/exec");
  create(of_messaging + "configmaps");
  create("/api/v1/namespaces");
  create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings");
  create("/apis/coordination.k8s.io/v1/namespaces/messaging/leases");
  create("/apis/coordination.k8s.io/v1/namespaces/elsewhere/leases");
  expect_refused([&] { api().replace(of_messaging + "pods/nats-0", any); }, "");
  expect_refused([&] { api().patch(of_messaging + "pods/nats-0", any); }, "");
  expect_refused([&] { api().replace("/api/v1/nodes/w0", any); }, "");
  expect_refused(
      [&] { api().patch("/apis/apps/v1/namespaces/messaging/statefulsets/nats/scale", any); }, "");
}

TEST_F(GuardTest, AgentsWithinTheTargetFilePass) {
  begin_with_agent();
  enter("w0", drop());
  enter("w0", list_rules());
  enter("w1", drop("10.0.0.1", "10.0.0.2"));
  EXPECT_EQ(server_.count("POST"), 3u);
}

TEST_F(GuardTest, NoOtherCommandByAnAgent) {
  begin_with_agent();
  const auto because = "a command that faultline does not run inside a node";
  expect_refused([&] { enter("w0", {"sh"}); }, because);
  expect_refused([&] { enter("w0", {"iptables", "-F"}); }, because);
  expect_refused([&] { enter("w0", {"faultline-agent", "fill", "/"}); }, because);
  auto more = drop();
  more.back() += "reboot";
  expect_refused([&] { enter("w0", more); }, because);
}

TEST_F(GuardTest, NoPacketsOfStrangersAreDropped) {
  put(pod("other-9", "w0", {{"app", "other"}}));
  begin_with_agent();
  expect_refused([&] { enter("w0", drop("10.0.0.9")); }, "the address 10.0.0.9 is of no pod");
  expect_refused([&] { enter("w0", drop("10.0.0.1", "10.0.0.0")); }, "10.0.0.1 is of no pod");
  expect_refused([&] { enter("w0", drop("10.0.0.0", "0.0.0.0/0")); }, "0.0.0.0/0 is of no pod");
  expect_refused([&] { enter("w0", drop("10.0.0.0", "10.0.0.1", 0s)); },
                 "a partition that nothing in its node would end");
}

TEST_F(GuardTest, EachCommandOfAnAgentForItsFaultAlone) {
  target_.agent = Agent{"agent:1", "tools"};
  target_.faults = {"broker-crash", "partition"};
  begin({"broker-crash"});
  for (const auto& command : {drop(), list_rules()})
    expect_refused([&] { enter("w0", command); },
                   "no fault of this run does that inside a node: partition");
  guard().begin_run("r1", {"partition"});
  expect_refused([&] { enter("w0", kill_container("111111111111")); },
                 "no fault of this run does that inside a node: broker-");
}

TEST_F(GuardTest, WhoAgentsHitCountsAmongThePods) {
  target_.pods_at_once = 1;
  begin_with_agent();
  enter("w0", drop());
  enter("w0", list_rules());
  expect_refused([&] { enter("w1", list_rules()); }, "allow.pods_at_once is 1");
  expect_refused([&] { guard().is_entered("w1"); }, "allow.pods_at_once is 1");
  guard().is_entered("w0");
}

TEST_F(GuardTest, NoAgentWithoutOptingIn) {
  target_.faults = {"partition"};
  begin({"partition"});
  expect_refused([&] { enter("w0"); }, "spec.agent is not there");
  expect_refused([&] { enter("w0", drop_no_more()); }, "spec.agent is not there");
}

TEST_F(GuardTest, NoOtherPodThanTheAgents) {
  begin_with_agent();
  expect_refused([&] { enter("w0", list_rules(), "r1", "messaging"); },
                 "which is not the namespace of spec.agent");
  const auto refused = [&](const json& pod) {
    expect_refused([&] { api().create("/api/v1/namespaces/tools/pods", pod); },
                   "a pod that is not the agent's");
  };
  refused(agent_pod(Agent{"other:1", "tools"}, {"r1", "w0", list_rules()}, "faultline-agent-1"));
  refused(agent_pod(Agent{"agent:1", "tools"}, {"r1", "w0", list_rules()}, "any"));
  auto pod = agent_pod(Agent{"agent:1", "tools"}, {"r1", "w0", list_rules()}, "faultline-agent-1");
  pod["spec"].erase("activeDeadlineSeconds");
  refused(pod);
  refused(json::object());
}

TEST_F(GuardTest, NoAgentOutsideARun) {
  begin_with_agent();
  held_ = false;
  expect_refused([&] { enter("w0"); }, "the Lease is lost");
  held_ = true;
  expect_refused([&] { enter("w0", list_rules(), "r2"); }, "an agent of another run");
  guard().end_run();
  expect_refused([&] { enter("w0"); }, "no run is under way");
}

TEST_F(GuardTest, NoAgentOutsideTheHours) {
  target_.times = {{{0}, 0min, 24h}};
  begin_with_agent();
  expect_refused([&] { enter("w0"); }, "outside the hours");
}

TEST_F(GuardTest, NoAgentForAFaultThatNeedsNone) {
  target_.agent = Agent{"agent:1", "tools"};
  target_.faults = {"broker-stop"};
  begin({"broker-stop"});
  expect_refused([&] { enter("w0"); }, "no fault of this run does that inside a node");
}

TEST_F(GuardTest, NoAgentInANodeThatMayNotBeHit) {
  own_node_ = "w1";
  begin_with_agent();
  expect_refused([&] { enter("cp"); }, "is a control plane");
  expect_refused([&] { enter("idle"); }, "hosts no pod of allow.pods");
  expect_refused([&] { enter("w1"); }, "faultline itself runs on the node w1");
  expect_refused([&] { enter("nowhere"); }, "there is no node nowhere");
  objects_["/api/v1/nodes/w0"]["spec"]["unschedulable"] = true;
  expect_refused([&] { enter("w0"); }, "by somebody else's doing");
  objects_["/api/v1/nodes/w0"]["metadata"]["annotations"]["faultline.dev/cordoned-by"] = "r1";
  enter("w0");
  EXPECT_EQ(server_.count("POST"), 1u) << "cordoned by this very run";
}

TEST_F(GuardTest, NoContainerOfAPodThatMayNotBeHit) {
  const auto runs = [&](json pod, const std::string& id) {
    pod["status"]["containerStatuses"] = {{{"containerID", "containerd://" + id}}};
    put(pod);
  };
  runs(pod("nats-0", "w0", {{"app", "nats"}}), "111111111111aaaa");
  runs(pod("other", "w0", {{"app", "other"}}), "222222222222aaaa");
  runs(pod("nats-1", "w1", {{"app", "nats"}}), "333333333333aaaa");
  target_.agent = Agent{"agent:1", "tools"};
  target_.faults = {"broker-crash"};
  begin({"broker-crash"});
  enter("w0", kill_container("111111111111"));
  enter("w0", kill_container("111111111111", "uid-nats-0"));
  EXPECT_EQ(server_.count("POST"), 2u);
  expect_refused([&] { enter("w0", kill_container("111111111111", "uid-other")); },
                 "is of another pod");
  expect_refused([&] { enter("w0", kill_container("222222222222")); }, "does not carry app=nats");
  expect_refused([&] { enter("w0", kill_container("333333333333", "uid-nats-1")); },
                 "no pod of allow.pods on the node w0 has the container 333333333333");
}

TEST_F(GuardTest, NoAgentBeforeItsUndoIsKept) {
  target_.agent = Agent{"agent:1", "tools"};
  target_.faults = {"partition"};
  guard().begin_run("r1", {"partition"});
  expect_refused([&] { enter("w0"); }, "no undo record is kept of the node w0");
}

TEST_F(GuardTest, AgentsInMoreNodesThanAllowed) {
  begin_with_agent();
  enter("w0");
  guard().is_entered("w1");
  expect_refused([&] { enter("w2"); }, "allow.nodes_at_once is 2");
}

TEST_F(GuardTest, WhatHealsPassesAtAnyTime) {
  target_.agent = Agent{"agent:1", "tools"};
  held_ = false;
  enter("w0", drops_nothing());
  enter("w0", drop_no_more(), "of-a-dead-run");
  EXPECT_EQ(server_.count("POST"), 2u);
  auto more = drop_no_more();
  more.back() += "; reboot";
  expect_refused([&] { enter("w0", more); }, "no run is under way");
}

TEST_F(GuardTest, OnlyAgentsAreRemovedFromTheirNamespace) {
  target_.agent = Agent{"agent:1", "tools"};
  auto own = pod("faultline-agent-1", "w0",
                 {{"faultline.dev/agent", "true"}, {"faultline.dev/run", "r1"}}, "tools");
  put(own);
  delete_pod("faultline-agent-1", "tools");
  EXPECT_EQ(server_.count("DELETE"), 1u);
  put(pod("faultline-agent-2", "w0", {}, "tools"));
  expect_refused([&] { delete_pod("faultline-agent-2", "tools"); }, "is not an agent's");
  put(pod("other", "w0", {{"faultline.dev/agent", "true"}}, "tools"));
  expect_refused([&] { delete_pod("other", "tools"); }, "no run is under way");
}

TEST_F(GuardTest, TheRecordOfAnAgentHoldsNothingThatRuns) {
  begin_with_agent();
  UndoRecord record(api(), "messaging", "r1");
  record.keep({.what = "node w0 drops no packets",
               .steps = {undo_drop({"w0", {"/somewhere/faultline", "in-node"}})},
               .agent_node = "w0"});
  const auto data = json::parse(server_.requests().back().body)["data"];
  EXPECT_EQ(data, (json{{"entered.w0", "node w0 drops no packets"}}));
}

TEST_F(GuardTest, TheRecordIsInTheClusterBeforeTheChange) {
  begin();
  UndoRecord record(api(), "messaging", "r1");
  record.keep({"node w0 takes pods again",
               {},
               {},
               {{KubernetesUndo::Action::uncordon, "", "stub", "w0", "r1"}}});
  const auto requests = server_.requests();
  EXPECT_EQ(requests.back().method, "POST");
  const auto sent = json::parse(requests.back().body);
  EXPECT_EQ(sent["metadata"]["name"], "faultline-undo-r1");
  EXPECT_TRUE(sent["data"].contains("cordoned.w0")) << sent;
}

TEST_F(GuardTest, AnUndoThatOnlyOneMachineCouldDoIsNone) {
  UndoRecord record(api(), "messaging", "r1");
  EXPECT_THROW(record.keep({"worker runs", {}, {{{"true"}, {"docker"}}}, {}}), ClusterError);
  EXPECT_THROW(
      record.keep({"x", {}, {}, {{KubernetesUndo::Action::remove_run, "", "stub", "x", "r1"}}}),
      ClusterError);
  EXPECT_EQ(changes(), 0u);
}

}  // namespace
}  // namespace faultline
