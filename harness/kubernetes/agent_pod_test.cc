#include "harness/kubernetes/agent_pod.h"

#include <gtest/gtest.h>

#include "harness/cluster/cluster.h"
#include "harness/cluster/packet_rules.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/api/testing_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using testing::impatient;
using testing::StubObjects;
using testing::StubReply;
using testing::StubRequest;
using testing::StubServer;

const Agent agent{"faultline-agent:1", "tools"};
const std::string pods = "/api/v1/namespaces/tools/pods";

json ended(int status) {
  return {{"phase", status == 0 ? "Succeeded" : "Failed"},
          {"containerStatuses", {{{"state", {{"terminated", {{"exitCode", status}}}}}}}}};
}

// Pods that are made have ended at once, with `status`, and written "said".
class AgentPodTest : public ::testing::Test {
 protected:
  AgentPodTest() { objects_.put("/api/v1/nodes/w0", {{"metadata", {{"name", "w0"}}}}); }

  std::optional<StubReply> hook(const StubRequest& request) {
    if (request.method == "DELETE" && removal_fails_)
      return testing::status_reply(500, "InternalError", "not now");
    if (request.method == "GET" && failing_ > 0 && failing_-- > 0)
      return testing::status_reply(500, "InternalError", "not now");
    if (request.path().ends_with("/log")) return StubReply{200, "said\n"};
    if (request.method != "POST") return {};
    auto pod = json::parse(request.body);
    pod["metadata"]["uid"] = "u";
    pod["status"] = status_;
    objects_.put(pods + "/" + pod["metadata"]["name"].get<std::string>(), pod);
    return StubReply{201, pod.dump()};
  }

  ProgramEnd run(const std::vector<std::string>& command) {
    return run_in_node(api_, agent, {"r1", "w0", command});
  }

  json status_ = ended(0);
  int failing_ = 0;  // so many GETs
  bool removal_fails_ = false;
  StubObjects objects_{[this](const StubRequest& request) { return hook(request); }};
  StubServer server_{[this](const StubRequest& request) { return objects_(request); }};
  Kubernetes api_{server_.access(), impatient()};
};

TEST(AgentPod, IsReadBackOnlyAsItWasMade) {
  const NodeCommand what{"r1", "w0", {"sh", "-c", "true"}};
  const json good = agent_pod(agent, what, "faultline-agent-1");
  const auto read = read_agent_pod(agent, good);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->node, "w0");
  EXPECT_EQ(read->run, "r1");
  EXPECT_EQ(read->command, what.command);
  const auto refused = [&](const char* pointer, const json& value) {
    json other = good;
    other[json::json_pointer(pointer)] = value;
    EXPECT_FALSE(read_agent_pod(agent, other)) << pointer;
  };
  refused("/metadata/name", "nats-0");
  refused("/metadata/labels/faultline.dev~1run", "");
  refused("/metadata/labels/more", "x");
  refused("/spec/nodeName", "");
  refused("/spec/hostNetwork", true);
  refused("/spec/activeDeadlineSeconds", 3600);
  refused("/spec/restartPolicy", "Always");
  refused("/spec/serviceAccountName", "admin");
  refused("/spec/volumes", json::array({{{"hostPath", {{"path", "/"}}}}}));
  refused("/spec/containers/0/image", "another");
  refused("/spec/containers/0/command", {"/bin/sh"});
  refused("/spec/containers/1", good["spec"]["containers"][0]);
  refused("/kind", "DaemonSet");
}

TEST(AgentPod, OnlyTheseTwoCommandsHeal) {
  EXPECT_TRUE(heals(drops_nothing()));
  EXPECT_TRUE(heals(drop_no_more()));
  EXPECT_FALSE(heals({}));
  auto more = drop_no_more();
  more.back() += "; reboot";
  EXPECT_FALSE(heals(more));
}

TEST_F(AgentPodTest, TellsHowTheCommandEndedAndIsGone) {
  const auto good = run({"true"});
  EXPECT_EQ(good.status, 0);
  EXPECT_EQ(good.output, "said\n");
  status_ = ended(3);
  const auto bad = run({"false"});
  EXPECT_EQ(bad.status, 3);
  EXPECT_EQ(bad.errors, "said\n");
  EXPECT_TRUE(api_.list(pods).empty());
}

// Its effect is there whether or not the API server answers at once.
TEST_F(AgentPodTest, AnAnswerThatIsLostOrARemovalThatFailsIsNoEndOfTheCommand) {
  failing_ = 7;
  EXPECT_EQ(run({"true"}).output, "said\n");
  removal_fails_ = true;
  EXPECT_EQ(run({"true"}).output, "said\n");
  status_ = {{"phase", "Failed"}, {"reason", "OutOfpods"}, {"message", "too many pods"}};
  try {
    run({"true"});
    ADD_FAILURE() << "it did not run";
  } catch (const ClusterError& error) {
    EXPECT_STREQ(error.what(), "the agent did not run on the node w0: OutOfpods: too many pods");
  }
}

TEST_F(AgentPodTest, OldOnesOfAnyRunAreRemoved) {
  const auto put = [&](const std::string& name, const std::string& made, const json& status) {
    auto pod = agent_pod(agent, {"r9", "w0", drops_nothing()}, name);
    pod["metadata"]["uid"] = "u";
    pod["metadata"]["creationTimestamp"] = made;
    pod["status"] = status;
    objects_.put(pods + "/" + name, pod);
  };
  put("faultline-agent-old", "2020-01-01T00:00:00Z", ended(0));
  put("faultline-agent-young", "2999-01-01T00:00:00Z", ended(0));
  put("faultline-agent-runs", "2020-01-01T00:00:00Z", {{"phase", "Running"}});
  EXPECT_EQ(remove_old_agents(api_, agent), (std::vector<std::string>{"faultline-agent-old"}));
  EXPECT_EQ(api_.list(pods).size(), 2u);
}

TEST_F(AgentPodTest, OneThatTheNodeRefusesIsNoEndOfTheCommand) {
  status_ = {{"phase", "Failed"}, {"reason", "OutOfpods"}, {"message", "too many pods"}};
  try {
    run({"true"});
    ADD_FAILURE() << "it did not run";
  } catch (const ClusterError& error) {
    EXPECT_STREQ(error.what(), "the agent did not run on the node w0: OutOfpods: too many pods");
  }
  EXPECT_TRUE(api_.list(pods).empty()) << "it is gone all the same";
}

TEST_F(AgentPodTest, OneThatStrikesIsGoneBeforeOneHeals) {
  auto striking = agent_pod(agent, {"r1", "w0", {"sh"}}, "faultline-agent-late");
  striking["metadata"]["uid"] = "u";
  auto elsewhere = agent_pod(agent, {"r1", "w1", {"sh"}}, "faultline-agent-elsewhere");
  objects_.put(pods + "/faultline-agent-late", striking);
  objects_.put(pods + "/faultline-agent-elsewhere", elsewhere);
  EXPECT_EQ(run(drops_nothing()).status, 0);
  EXPECT_FALSE(objects_.find(pods + "/faultline-agent-late"));
  EXPECT_TRUE(objects_.find(pods + "/faultline-agent-elsewhere"));
  const auto requests = server_.requests();
  const auto first = [&](const std::string& method) {
    return std::ranges::find(requests, method, &StubRequest::method) - requests.begin();
  };
  EXPECT_LT(first("DELETE"), first("POST"));
}

// An abort heals beside the run itself: one must not end the other.
TEST_F(AgentPodTest, TwoMayHealAtATime) {
  auto healing = agent_pod(agent, {"r1", "w0", drop_no_more()}, "faultline-agent-other");
  healing["metadata"]["uid"] = "u";
  objects_.put(pods + "/faultline-agent-other", healing);
  EXPECT_EQ(run(drops_nothing()).status, 0);
  EXPECT_TRUE(objects_.find(pods + "/faultline-agent-other"));
  EXPECT_FALSE(heal_node(api_, agent, "r1", "w0"));
  EXPECT_TRUE(api_.list(pods).empty()) << "whoever heals a dead run removes them all";
}

TEST_F(AgentPodTest, ANodeThatIsGoneDropsNothing) {
  objects_.erase("/api/v1/nodes/w0");
  EXPECT_FALSE(heal_node(api_, agent, "r1", "w0"));
  EXPECT_EQ(server_.count("POST"), 0u);
}

TEST_F(AgentPodTest, ANodeThatStillDropsPacketsIsNotHealed) {
  status_ = ended(1);
  EXPECT_THROW(heal_node(api_, agent, "r1", "w0"), ClusterError);
}

}  // namespace
}  // namespace faultline
