#include "harness/kubernetes/existing_brokers.h"

#include <gtest/gtest.h>

#include <atomic>

#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/testing.h"

namespace faultline {
namespace {

using nlohmann::json;
using testing::StubReply;
using testing::StubRequest;

// One broker on one node, in a cluster that answers at once.
class ExistingBrokersTest : public ::testing::Test {
 protected:
  StubReply answer(const StubRequest& request) {
    const auto path = request.path();
    if (path.ends_with("/log")) return {200, "", {}};
    if (request.method == "DELETE") deleted_ = true;
    if (path == "/api/v1/nodes" || path.ends_with("/pods"))
      return {200, json{{"items", {path.ends_with("/pods") ? pod() : node()}}}.dump(), {}};
    return {200, (path.find("/nodes/") == path.npos ? pod() : node()).dump(), {}};
  }

  static json node() {
    return {{"metadata", {{"name", "w0"}, {"resourceVersion", "1"}}}, {"spec", json::object()}};
  }

  // Asked to leave, its container ends at once, and it stays.
  json pod() const {
    json one{{"metadata", {{"name", "nats-0"}, {"namespace", "messaging"}, {"uid", "u"}}},
             {"spec", {{"nodeName", "w0"}}}};
    json state{{"running", {{"startedAt", "2026-11-25T13:00:00Z"}}}};
    if (deleted_) {
      one["metadata"]["deletionTimestamp"] = "2026-11-25T13:30:00Z";
      state = {{"terminated", {{"exitCode", 1}}}};
    }
    one["status"] = {{"phase", "Running"},
                     {"containerStatuses", {{{"name", "nats"}, {"state", state}}}}};
    return one;
  }

  std::atomic<bool> deleted_ = false;
  testing::TemporaryFolder folder_;
  testing::StubServer server_{[this](const StubRequest& request) { return answer(request); }};
};

// kubelets before 1.22, with several containers: "some containers have not been cleaned up".
TEST_F(ExistingBrokersTest, PodThatIsCleanedUpLateIsGoneWithItsContainer) {
  Kubernetes api(server_.access(), testing::impatient());
  ExistingBrokersPlace place;
  place.namespace_name = "messaging";
  place.selector = {{"app", "nats"}};
  place.client.url = "nats://127.0.0.1:1";
  ExistingBrokersOptions options;
  options.run_id = "r";
  options.folder = folder_.path();
  options.undo_first = [](const Undo&) {};
  options.progress = [](const std::string&) {};
  ExistingBrokers brokers(api, api, place, {{"nats-0", "u", "w0", "nats-0", "2.12.15", {}}},
                          options);
  brokers.kill("nats-0");
  EXPECT_FALSE(brokers.running("nats-0"));
}

}  // namespace
}  // namespace faultline
