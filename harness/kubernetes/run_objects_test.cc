#include "harness/kubernetes/run_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/api/testing_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::impatient;
using testing::refusal_of;
using testing::StubObjects;
using testing::StubReply;
using testing::StubRequest;
using testing::StubServer;
using namespace std::chrono_literals;

const std::string space = "/api/v1/namespaces/faultline-r1";
const std::string pods = space + "/pods";
const std::string volumes = "/api/v1/persistentvolumes";

json of_run(const std::string& run) {
  json object;
  label_as_run(object, run);
  return object;
}

class RunObjectsTest : public ::testing::Test {
 protected:
  RunObjectsTest()
      : objects_([this](const StubRequest& request) { return before(request); }),
        server_(std::ref(objects_)),
        api_(server_.access(), impatient()) {}

  void deploy() {
    objects_.put(space, of_run("r1"));
    objects_.put(space + "/services/s", of_run("r1"));
    objects_.put("/apis/apps/v1/namespaces/faultline-r1/statefulsets/nats", of_run("r1"));
    objects_.put(pods + "/nats-0", of_run("r1"));
    objects_.put(pods + "/nats-1", of_run("r1"));
    objects_.put(volumes + "/of-r1", of_run("r1"));
    objects_.put(volumes + "/of-r2", of_run("r2"));
    objects_.put(volumes + "/of-nobody", json::object());
  }

  void remove(std::chrono::seconds limit = 60s) { remove_run(api_, "faultline-r1", "r1", limit); }

  bool there(const std::string& path) const { return objects_.find(path).has_value(); }

  std::optional<StubReply> before(const StubRequest& request) {
    const std::lock_guard lock(mutex_);
    return hook_ ? hook_(request) : std::nullopt;
  }

  void answer(StubObjects::Hook hook) {
    const std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }

  std::mutex mutex_;
  StubObjects::Hook hook_;
  StubObjects objects_;
  StubServer server_;
  Kubernetes api_;
};

TEST_F(RunObjectsTest, LabelsLeaveOthersAlone) {
  json object{{"metadata", {{"labels", {{"app", "nats"}}}}}};
  label_as_run(object, "r1");
  EXPECT_EQ(object["metadata"]["labels"], (json{{"app", "nats"},
                                                {"app.kubernetes.io/managed-by", "faultline"},
                                                {"faultline.dev/run", "r1"}}));
}

TEST_F(RunObjectsTest, EverythingOfTheRunIsRemovedAndNothingElse) {
  deploy();
  remove();
  for (const auto& path :
       {space, space + "/services/s", pods + "/nats-0", pods + "/nats-1", volumes + "/of-r1",
        std::string("/apis/apps/v1/namespaces/faultline-r1/statefulsets/nats")})
    EXPECT_FALSE(there(path)) << path;
  EXPECT_TRUE(there(volumes + "/of-r2"));
  EXPECT_TRUE(there(volumes + "/of-nobody"));
}

// A node that is dead will never say that they have stopped.
TEST_F(RunObjectsTest, PodsAreRemovedWithoutGrace) {
  deploy();
  remove();
  for (const auto& request : server_.requests()) {
    if (request.method != "DELETE" || !request.path().starts_with(pods)) continue;
    EXPECT_EQ(json::parse(request.body)["gracePeriodSeconds"], 0);
  }
}

TEST_F(RunObjectsTest, NothingToRemove) {
  EXPECT_NO_THROW(remove());
  EXPECT_EQ(server_.count("DELETE"), 0u);
}

// What a killed run left when its namespace was gone already.
TEST_F(RunObjectsTest, VolumesAreRemovedWithoutTheirNamespace) {
  objects_.put(volumes + "/of-r1", of_run("r1"));
  remove();
  EXPECT_FALSE(there(volumes + "/of-r1"));
}

TEST_F(RunObjectsTest, ANamespaceThatIsNotOfThisRunIsRefused) {
  for (const json& theirs : {json::object(), of_run("r2")}) {
    objects_.put(space, theirs);
    objects_.put(pods + "/theirs", theirs);
    const auto error = refusal_of([&] { remove(); });
    EXPECT_THAT(error.what(), HasSubstr("namespace faultline-r1 is not of this run"));
    EXPECT_TRUE(there(space));
    EXPECT_TRUE(there(pods + "/theirs"));
  }
  EXPECT_EQ(server_.count("DELETE"), 0u);
}

TEST_F(RunObjectsTest, APodThatAControllerMadeMeanwhileIsRemovedToo) {
  deploy();
  answer([this, late = 2](const StubRequest& request) mutable -> std::optional<StubReply> {
    if (request.method == "GET" && request.path() == pods && late-- > 0)
      objects_.put(pods + "/nats-" + std::to_string(7 + late), of_run("r1"));
    return {};
  });
  remove();
  EXPECT_FALSE(there(pods + "/nats-7"));
  EXPECT_FALSE(there(pods + "/nats-8"));
}

TEST_F(RunObjectsTest, PodsThatStayAreNoSuccess) {
  deploy();
  objects_.pin(pods + "/nats-1");
  EXPECT_THAT(refusal_of([&] { remove(1s); }).what(),
              AllOf(HasSubstr("faultline-r1"), HasSubstr("1 s"), HasSubstr("nats-1")));
  EXPECT_FALSE(there(volumes + "/of-r1"));  // what can be removed is
}

}  // namespace
}  // namespace faultline
