// What may not be hit is refused before anything is changed.
#include "harness/kubernetes_provider.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "harness/cluster/packet_rules.h"
#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/undo_record.h"
#include "harness/kubernetes_access.h"
#include "harness/kubernetes_agent.h"
#include "harness/kubernetes_heal.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::StubReply;
using testing::StubRequest;

// A cluster with three brokers on three workers, as its API server shows it.
// Objects by path; what is created or replaced is there afterwards.
class KubernetesProviderTest : public ::testing::Test {
 protected:
  KubernetesProviderTest() {
    ::setenv("NATS_PASSWORD_OF_TEST", "topsecret", 1);
    put("/api/v1/namespaces/messaging", {{"metadata", {{"name", "messaging"}}}});
    for (int i = 0; i < 3; ++i) {
      const auto node = "w" + std::to_string(i), pod = "nats-" + std::to_string(i);
      put("/api/v1/nodes/" + node,
          {{"metadata", {{"name", node}, {"resourceVersion", "1"}}},
           {"spec", json::object()},
           {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}});
      put(pod_path(pod),
          {{"metadata",
            {{"name", pod},
             {"namespace", "messaging"},
             {"uid", "uid-" + pod},
             {"labels", {{"app", "nats"}}}}},
           {"spec",
            {{"nodeName", node},
             {"affinity",
              {{"podAntiAffinity",
                {{"requiredDuringSchedulingIgnoredDuringExecution",
                  {{{"topologyKey", "kubernetes.io/hostname"},
                    {"labelSelector", {{"matchLabels", {{"app", "nats"}}}}}}}}}}}}}},
           {"status",
            {{"phase", "Running"},
             {"containerStatuses", {{{"name", "nats"}, {"state", {{"running", {{"a", 1}}}}}}}}}}});
    }
    scenario_.name = "leader";
    scenario_.faults = {{"broker-kill", "leader"}};
  }

  static std::string pod_path(const std::string& pod) {
    return "/api/v1/namespaces/messaging/pods/" + pod;
  }

  void put(const std::string& path, const json& object) { objects_[path] = object; }

  StubReply answer(const StubRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto path = request.path();
    if (path.ends_with("selfsubjectaccessreviews"))
      return {201, json{{"status", {{"allowed", is_allowed(request)}}}}.dump(), {}};
    if (path == hidden_) return testing::status_reply(403, "Forbidden", "not for you");
    if (request.method == "GET") return shown(path);
    auto body = json::parse(request.body, nullptr, false);
    if (request.method == "DELETE") objects_.erase(path);
    if (request.method == "PUT") objects_[path] = body;
    if (request.method == "PATCH") objects_[path].merge_patch(body);
    if (body.value("kind", "") == "Pod")  // has ended at once
      body["status"] = {
          {"phase", agent_ends_ == 0 ? "Succeeded" : "Failed"},
          {"containerStatuses", {{{"state", {{"terminated", {{"exitCode", agent_ends_}}}}}}}}};
    if (request.method == "POST") objects_[path + "/" + body["metadata"].value("name", "")] = body;
    return {200, body.dump(), {}};
  }

  bool is_allowed(const StubRequest& request) const {
    const auto wanted = json::parse(request.body)["spec"]["resourceAttributes"];
    return wanted.value("verb", "") + " " + wanted.value("resource", "") != forbidden_;
  }

  StubReply shown(const std::string& path) const {
    if (path.ends_with("/log")) return {200, agent_says_, {}};
    if (path.ends_with("/proxy/varz")) {
      const auto begin = path.find("/pods/") + 6;
      return {
          200,
          json{{"server_name", path.substr(begin, path.find(':') - begin)}, {"version", "2.12.15"}}
              .dump(),
          {}};
    }
    if (const auto found = objects_.find(path); found != objects_.end())
      return {200, found->second.dump(), {}};
    json items = json::array();
    for (const auto& [name, object] : objects_)
      if ((name.starts_with(path + "/") && name.find('/', path.size() + 1) == name.npos) ||
          (path == "/api/v1/configmaps" && name.find("/configmaps/") != name.npos))
        items.push_back(object);
    const bool is_list =
        path.ends_with("/pods") || path.ends_with("/nodes") || path.ends_with("/configmaps");
    if (!is_list) return testing::status_reply(404, "NotFound", "there is none");
    return {200, json{{"items", items}}.dump(), {}};
  }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    const auto path = folder_.path() / name;
    std::ofstream(path) << text;
    return path;
  }

  std::string server() const { return server_.access().server; }

  ProviderOptions options() {
    write("kubeconfig", fmt::format("apiVersion: v1\nkind: Config\ncurrent-context: other\n"
                                    "clusters: [{{name: c, cluster: {{server: \"{}\"}}}}]\n"
                                    "users: [{{name: u, user: {{token: t}}}}]\n"
                                    "contexts:\n"
                                    "  - {{name: {}, context: {{cluster: c, user: u}}}}\n"
                                    "  - {{name: other, context: {{cluster: c, user: u}}}}\n",
                                    server(), context_));
    ProviderOptions options;
    options.name = "kubernetes";
    options.target = write(
        "target.yaml",
        fmt::format("apiVersion: faultline/v1\nkind: Target\nmetadata: {{name: test}}\nspec:\n"
                    "  cluster: {{context: {}, server: \"{}\", kubeconfig: kubeconfig}}\n"
                    "  brokers:\n    namespace: messaging\n    selector: {{app: {}}}\n"
                    "    client: {{{}, user: u, password_env: NATS_PASSWORD_OF_TEST}}\n"
                    "  allow:\n    faults: [{}]\n"
                    "    pods: [{{namespace: messaging, labels: {{app: nats}}}}]\n"
                    "    pods_at_once: {}\n    nodes_at_once: {}\n{}",
                    allowed_context_.empty() ? context_ : allowed_context_,
                    allowed_server_.empty() ? server() : allowed_server_, selected_, urls_, faults_,
                    pods_, nodes_, more_));
    return options;
  }

  // Reviews of permissions change nothing.
  std::size_t changes() const {
    std::size_t count = 0;
    for (const auto& request : server_.requests())
      count += request.method != "GET" && !request.path().ends_with("selfsubjectaccessreviews");
    return count;
  }

  void expect_refused(const std::string& because) {
    try {
      KubernetesProvider provider(options());
      provider.plan(std::vector{scenario_});
      ADD_FAILURE() << "allowed, though " << because;
    } catch (const ClusterError& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find(because), std::string::npos) << what;
      EXPECT_EQ(what.find('\n'), std::string::npos) << what;
      EXPECT_EQ(what.find("topsecret"), std::string::npos) << what;
    }
    EXPECT_EQ(changes(), 0u) << "the API server was asked to change something";
  }

  void put_lease(const std::string& holder, int duration) {
    put("/apis/coordination.k8s.io/v1/namespaces/messaging/leases/faultline",
        {{"metadata", {{"name", "faultline"}, {"resourceVersion", "1"}}},
         {"spec",
          {{"holderIdentity", holder},
           {"leaseDurationSeconds", duration},
           {"acquireTime", "2026-11-25T09:00:00.000000Z"},
           {"renewTime", "2026-11-25T09:00:00.000000Z"}}}});
  }

  testing::TemporaryFolder folder_;
  Scenario scenario_;
  std::string context_ = "test", allowed_context_, allowed_server_, selected_ = "nats";
  std::string urls_ = "url: \"nats://127.0.0.1:1\"";
  std::string faults_ = "broker-kill", more_, forbidden_, hidden_;
  const std::string agent_ = "  agent: {image: \"agent:1\", namespace: tools}\n";
  int agent_ends_ = 0, number_ = 0;
  std::string agent_says_;
  int pods_ = 3, nodes_ = 3;
  std::mutex mutex_;
  std::map<std::string, json> objects_;
  testing::StubServer server_{[this](const StubRequest& request) { return answer(request); }};
};

TEST_F(KubernetesProviderTest, WrongContext) {
  allowed_context_ = "staging";
  expect_refused("staging");
}

TEST_F(KubernetesProviderTest, WrongServer) {
  allowed_server_ = "https://10.0.0.1:6443";
  expect_refused("allows the API server https://10.0.0.1:6443");
  EXPECT_TRUE(server_.requests().empty()) << "not even asked";
}

TEST_F(KubernetesProviderTest, FaultThatIsNotListed) {
  scenario_.faults = {{"broker-stop", "leader"}};
  expect_refused("the fault broker-stop is not listed in allow.faults");
}

TEST_F(KubernetesProviderTest, FaultsInsideANodeAreSkippedWithTheReason) {
  const auto reason_of = [&](const char* fault) {
    scenario_.faults = {{fault, "leader"}};
    const auto missing = KubernetesProvider(options()).missing(scenario_);
    return missing.size() == 1 ? missing[0] : "";
  };
  EXPECT_NE(reason_of("partition").find("needs the opt-in privileged agent, spec.agent in"),
            std::string::npos);
  EXPECT_NE(reason_of("broker-crash").find("spec.agent"), std::string::npos);
  more_ = agent_;
  EXPECT_EQ(reason_of("partition"), "");
  EXPECT_EQ(reason_of("broker-crash"), "");
  EXPECT_NE(reason_of("worker-stop").find("nobody here could start the machine again"),
            std::string::npos);
  for (const char* fault :
       {"worker-pause", "broker-pause", "kubelet-stop", "volume-detach", "power-loss",
        "volume-wipe", "disk-full", "disk-frozen", "bit-flip", "truncate"})
    EXPECT_NE(reason_of(fault).find("is not done to a cluster that exists: "), std::string::npos)
        << fault;
}

TEST_F(KubernetesProviderTest, FaultsThatEndBeforeTheHealAreSkipped) {
  scenario_.faults = {{"broker-kill", "leader"}};
  EXPECT_TRUE(KubernetesProvider(options()).missing(scenario_).empty());
  scenario_.faults[0].lasts = std::chrono::seconds(5);
  const auto missing = KubernetesProvider(options()).missing(scenario_);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_NE(missing[0].find("faults that end before the heal"), std::string::npos) << missing[0];
}

TEST_F(KubernetesProviderTest, AFaultOfTheAgentMustBeListed) {
  more_ = agent_;
  scenario_.faults = {{"partition", "leader"}};
  expect_refused("the fault partition is not listed in allow.faults");
}

TEST_F(KubernetesProviderTest, APartitionOfAnotherShapeIsSkipped) {
  more_ = agent_;
  scenario_.faults = {{"partition", "leader", 0ms, {.shape = PartitionShape::one_way}}};
  const auto missing = KubernetesProvider(options()).missing(scenario_);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_NE(missing[0].find("of another shape than 'isolated'"), std::string::npos) << missing[0];
}

TEST_F(KubernetesProviderTest, APermissionOfTheAgentIsMissing) {
  more_ = agent_;
  faults_ = "partition";
  scenario_.faults = {{"partition", "leader"}};
  forbidden_ = "create pods";
  expect_refused("the permission to create pods in tools is missing");
}

TEST_F(KubernetesProviderTest, AgentsInMoreNodesThanAllowed) {
  more_ = agent_;
  faults_ = "partition";
  scenario_.faults = {{"partition", "followers"}};
  nodes_ = 1;
  expect_refused("it would enter 2 nodes at once, and allow.nodes_at_once is 1");
}

TEST_F(KubernetesProviderTest, WhatAgentsCannotPartitionIsRefused) {
  more_ = agent_;
  faults_ = "partition";
  scenario_.faults = {{"partition", "leader"}};
  objects_[pod_path("nats-1")]["status"]["podIPs"] = {{{"ip", "10.0.0.1"}}, {{"ip", "fd00::1"}}};
  expect_refused("the pod nats-1 has the address fd00::1, and a partition knows IPv4 alone");
  objects_[pod_path("nats-1")]["spec"]["nodeName"] = "w0";
  expect_refused("the pods nats-0 and nats-1 are on one node, w0");
}

TEST_F(KubernetesProviderTest, ANodeThatCouldNotBeHealedIsNotEntered) {
  more_ = agent_;
  faults_ = "partition";
  scenario_.faults = {{"partition", "leader"}};
  const auto why = [&](int ends, const std::string& says) -> std::string {
    agent_ends_ = ends;
    agent_says_ = says;
    objects_.erase("/apis/coordination.k8s.io/v1/namespaces/messaging/leases/faultline");
    KubernetesProvider provider(options());
    provider.begin([](const std::string&) {}, [] { return false; });
    Journal journal(folder_.path() / "state", fmt::format("r{}", number_++));
    try {
      provider.existing_brokers(scenario_, {}, journal, [](const std::string&) {});
      return "";
    } catch (const Refusal& refusal) {
      return refusal.what();
    }
  };
  EXPECT_NE(why(3, "iptables: not found\n").find("does not tell by iptables what it drops: exit"),
            std::string::npos);
  EXPECT_NE(why(1, "").find("drops packets by a chain FAULTLINE already"), std::string::npos);
  EXPECT_NE(why(0, "no-systemd-run\n").find("has no systemd-run"), std::string::npos);
  std::string changed;  // the record first
  for (const auto& request : server_.requests())
    if (request.method == "POST" && !request.path().ends_with("reviews") &&
        !request.path().ends_with("leases") && changed.empty())
      changed = request.path() + request.body;
  EXPECT_TRUE(changed.starts_with("/api/v1/namespaces/messaging/configmaps")) << changed;
  EXPECT_NE(changed.find("\"faults\":\"partition\""), std::string::npos) << changed;
}

TEST_F(KubernetesProviderTest, WhoHealsWithoutARecordAsksTheNode) {
  more_ = agent_;
  agent_ends_ = 1;
  const AgentOrder look{options().target, "mine", {"r1", "w0", drops_nothing()}};
  EXPECT_EQ(obey(look).status, 1) << "not healed, whoever has removed the record";
  EXPECT_EQ(server_.count("POST"), 1u);
}

TEST_F(KubernetesProviderTest, AnAgentDoesOnlyTheFaultsOnRecord) {
  more_ = agent_;
  faults_ = "broker-crash, partition";
  put_lease("mine", 30);
  const AgentOrder count{options().target, "mine", {"r1", "w0", list_rules()}};
  const auto record = [&](const char* faults) {
    put("/api/v1/namespaces/messaging/configmaps/faultline-undo-r1",
        {{"metadata", {{"name", "faultline-undo-r1"}, {"namespace", "messaging"}}},
         {"data", {{"entered.w0", "x"}, {"faults", faults}}}});
  };
  record("broker-crash");
  EXPECT_THROW(obey(count), Refusal);
  EXPECT_EQ(changes(), 0u);
  record("broker-crash partition");
  EXPECT_EQ(obey(count).status, 0);
}

TEST_F(KubernetesProviderTest, AChainThatMayBeOfALiveRunIsNotRemoved) {
  more_ = agent_;
  const AgentOrder heal{options().target, "mine", {"r1", "w0", drop_no_more()}};
  put_lease("another", 30);
  EXPECT_THROW(obey(heal), ClusterError);
  put_lease("mine", 30);
  put("/api/v1/namespaces/other/configmaps/faultline-undo-r2",
      {{"metadata", {{"name", "faultline-undo-r2"}, {"namespace", "other"}}},
       {"data", {{"entered.w0", "x"}}}});
  EXPECT_THROW(obey(heal), ClusterError);
  EXPECT_EQ(changes(), 0u);
  objects_.erase("/api/v1/namespaces/other/configmaps/faultline-undo-r2");
  EXPECT_EQ(obey(heal).status, 0);
}

TEST_F(KubernetesProviderTest, FewerBrokersThanTheScenarioWants) {
  objects_.erase(pod_path("nats-2"));
  expect_refused("it wants 3 brokers, and 2 carry");
}

TEST_F(KubernetesProviderTest, NoBrokers) {
  selected_ = "kafka";
  objects_.erase(pod_path("nats-0"));
  objects_.erase(pod_path("nats-1"));
  objects_.erase(pod_path("nats-2"));
  expect_refused("no pod in 'messaging' carries app=kafka");
}

TEST_F(KubernetesProviderTest, BrokerThatDoesNotRun) {
  objects_[pod_path("nats-1")]["status"]["containerStatuses"][0]["state"] = {
      {"waiting", {{"reason", "CrashLoopBackOff"}}}};
  expect_refused("the broker's pod nats-1 does not run: CrashLoopBackOff");
}

TEST_F(KubernetesProviderTest, MorePodsThanAllowed) {
  scenario_.faults = {{"broker-kill", "all"}};
  pods_ = 2;
  expect_refused("hits 3 pods at once, and allow.pods_at_once is 2");
}

TEST_F(KubernetesProviderTest, MoreNodesThanAllowed) {
  scenario_.faults = {{"broker-kill", "followers"}};
  nodes_ = 1;
  expect_refused("would cordon 2 nodes at once");
}

TEST_F(KubernetesProviderTest, NodesWhereAPodCouldFleeCount) {
  put("/api/v1/nodes/spare", objects_["/api/v1/nodes/w0"]);
  objects_["/api/v1/nodes/spare"]["metadata"]["name"] = "spare";
  more_ = "    nodes: {pool: x}\n";
  for (const char* node : {"w0", "w1", "w2"})
    objects_["/api/v1/nodes/" + std::string(node)]["metadata"]["labels"]["pool"] = "x";
  expect_refused("the node spare does not carry pool=x");
}

TEST_F(KubernetesProviderTest, PodsThatMoveCannotBeHealedOneByOne) {
  for (const char* pod : {"nats-0", "nats-1", "nats-2"})
    objects_[pod_path(pod)]["spec"].erase("affinity");
  scenario_.faults = {{"broker-kill", "followers"}};
  scenario_.heal_order = HealOrder::one_by_one;
  expect_refused("heals one broker after the other");
}

TEST_F(KubernetesProviderTest, OutsideTheHours) {
  const auto now = std::chrono::system_clock::now();
  const auto day = std::chrono::weekday{std::chrono::floor<std::chrono::days>(now)};
  const char* names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  more_ = fmt::format("    times: [\"{} 00:00-24:00\"]\n", names[(day.c_encoding() + 3) % 7]);
  expect_refused("outside the hours of allow.times");
}

TEST_F(KubernetesProviderTest, OwnNode) {
  ::setenv("FAULTLINE_NODE", "w1", 1);
  expect_refused("faultline itself runs on the node w1");
  ::unsetenv("FAULTLINE_NODE");
}

// It may run in that cluster or in another one: nobody but its user knows.
TEST_F(KubernetesProviderTest, OwnPodThatMayNotBeLookedAt) {
  ::setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
  hidden_ = "/api/v1/pods/" + host_name();
  expect_refused("set FAULTLINE_NODE");
  ::unsetenv("KUBERNETES_SERVICE_HOST");
}

TEST_F(KubernetesProviderTest, BrokerWithoutAUrlOfItsOwn) {
  urls_ = "urls: {nats-0: \"nats://127.0.0.1:1\", nats-1: \"nats://127.0.0.1:2\"}";
  expect_refused("brokers.client.urls has no URL of the pod nats-2");
}

TEST_F(KubernetesProviderTest, NodeThatSomebodyCordoned) {
  objects_["/api/v1/nodes/w2"]["spec"]["unschedulable"] = true;
  expect_refused("the node w2 takes no pods already");
}

TEST_F(KubernetesProviderTest, MissingPermission) {
  forbidden_ = "delete pods";
  expect_refused("the permission to delete pods in messaging is missing");
}

TEST_F(KubernetesProviderTest, OutageBeyondTheAbortLimit) {
  scenario_.faults = {{"broker-kill", "all"}};
  more_ = "  abort: {unavailable: 20s}\n";
  expect_refused("stops writes for 30 s, and abort.unavailable is 20 s");
}

TEST_F(KubernetesProviderTest, BrokersThatAreNotHealthy) { expect_refused("is not healthy"); }

TEST_F(KubernetesProviderTest, ProductionMustBeTyped) {
  context_ = "eu-prod-1";
  EXPECT_EQ(KubernetesProvider(options()).to_be_typed(), "eu-prod-1");
  context_ = "test";
  EXPECT_EQ(KubernetesProvider(options()).to_be_typed(), "");
}

TEST_F(KubernetesProviderTest, ALiveHolderOfTheLeaseIsNotDisturbed) {
  put_lease("somebody", 60);
  KubernetesProvider provider(options());
  std::jthread alive([this](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      {
        const std::lock_guard lock(mutex_);
        objects_["/apis/coordination.k8s.io/v1/namespaces/messaging/leases/faultline"]["spec"]
                ["renewTime"] = std::to_string(i);
      }
      std::this_thread::sleep_for(300ms);
    }
  });
  EXPECT_THROW(provider.begin([](const std::string&) {}, {}), Refusal);
  EXPECT_EQ(changes(), 0u);
}

TEST_F(KubernetesProviderTest, AnExpiredLeaseIsTakenOverAndWhatWasLeftIsHealed) {
  put_lease("somebody dead", 1);
  objects_["/api/v1/nodes/w0"]["spec"]["unschedulable"] = true;
  objects_["/api/v1/nodes/w0"]["metadata"]["annotations"]["faultline.dev/cordoned-by"] = "dead";
  put("/api/v1/namespaces/messaging/configmaps/faultline-undo-dead",
      {{"metadata", {{"name", "faultline-undo-dead"}, {"namespace", "messaging"}}},
       {"data", {{"cordoned.w0", "x"}, {"cordoned.w1", "x"}}}});
  {
    KubernetesProvider provider(options());
    std::vector<std::string> told;
    provider.begin([&](const std::string& line) { told.push_back(line); }, {});
    EXPECT_EQ(told.size(), 3u);
  }
  EXPECT_FALSE(objects_["/api/v1/nodes/w0"]["spec"].contains("unschedulable"));
  EXPECT_FALSE(objects_.contains("/api/v1/namespaces/messaging/configmaps/faultline-undo-dead"));
  EXPECT_EQ(objects_["/apis/coordination.k8s.io/v1/namespaces/messaging/leases/faultline"]["spec"]
                    ["holderIdentity"],
            "")
      << "released";
}

// Whoever may write a record could have had any stream deleted.
TEST_F(KubernetesProviderTest, AStreamThatIsNotOfTheRunIsNotRemovedForIt) {
  put("/api/v1/namespaces/messaging/configmaps/faultline-undo-dead",
      {{"metadata", {{"name", "faultline-undo-dead"}, {"namespace", "messaging"}}},
       {"data", {{"stream", "ORDERS"}}}});
  options();
  HealPlace place;
  place.kubeconfig = folder_.path() / "kubeconfig";
  place.namespace_name = "messaging";
  const auto report = heal_cluster(place, [](const std::string&) {});
  EXPECT_EQ(report.failed, std::vector<std::string>{});
  ASSERT_EQ(report.undone.size(), 1u);
  EXPECT_EQ(report.undone[0].find("ORDERS"), std::string::npos) << report.undone[0];
}

TEST_F(KubernetesProviderTest, HealWithoutATargetFile) {
  objects_["/api/v1/nodes/w0"]["metadata"]["annotations"]["faultline.dev/cordoned-by"] = "dead";
  objects_["/api/v1/nodes/w0"]["spec"]["unschedulable"] = true;
  put("/api/v1/namespaces/messaging/configmaps/faultline-undo-dead",
      {{"metadata", {{"name", "faultline-undo-dead"}, {"namespace", "messaging"}}},
       {"data", {{"cordoned.w0", "x"}, {"stream", "faultline-dead"}}}});
  options();
  HealPlace place;
  place.kubeconfig = folder_.path() / "kubeconfig";
  place.namespace_name = "messaging";
  const auto report = heal_cluster(place, [](const std::string&) {});
  EXPECT_EQ(report.undone.size(), 1u);
  ASSERT_EQ(report.failed.size(), 1u);
  EXPECT_NE(report.failed[0].find("name the target file"), std::string::npos) << report.failed[0];
  EXPECT_TRUE(objects_.contains("/api/v1/namespaces/messaging/configmaps/faultline-undo-dead"))
      << "what is left stays on record";
}

TEST_F(KubernetesProviderTest, ANodeThatAnAgentEnteredIsHealedByTheTargetFileAlone) {
  faults_ = "partition";
  const auto record = "/api/v1/namespaces/messaging/configmaps/faultline-undo-dead";
  put(record, {{"metadata", {{"name", "faultline-undo-dead"}, {"namespace", "messaging"}}},
               {"data", {{"entered.w0", "x"}}}});
  HealPlace place;
  place.target = options().target;
  const auto without = heal_cluster(place, [](const std::string&) {});
  ASSERT_EQ(without.failed.size(), 1u);
  EXPECT_NE(without.failed[0].find("whose spec.agent says"), std::string::npos)
      << without.failed[0];
  EXPECT_TRUE(objects_.contains(record)) << "what is left stays on record";
  more_ = agent_;
  options();
  const auto with = heal_cluster(place, [](const std::string&) {});
  EXPECT_TRUE(with.clean()) << with.failed[0];
  EXPECT_FALSE(objects_.contains(record));
  for (const auto& [path, object] : objects_)
    EXPECT_FALSE(path.starts_with("/api/v1/namespaces/tools/pods/")) << "no agent is left";
}

}  // namespace
}  // namespace faultline
