#include "harness/abort.h"

#include <gtest/gtest.h>

#include <atomic>

#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/testing.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::eventually;

class AbortTest : public ::testing::Test {
 protected:
  void answer(int status, const std::string& body) {
    const std::lock_guard lock(mutex_);
    reply_ = {status, body, {}};
  }
  std::string url() const { return server_.access().server; }

  // As often as it takes to run out of patience.
  static std::string ask(AbortCondition condition) {
    std::string reason;
    for (int i = 0; i < 3; ++i) reason = condition();
    return reason;
  }

  std::mutex mutex_;
  testing::StubReply reply_{200, "{}", {}};
  testing::StubServer server_{[this](const testing::StubRequest&) {
    const std::lock_guard lock(mutex_);
    return reply_;
  }};
};

TEST_F(AbortTest, HealthUrl) {
  EXPECT_EQ(ask(unhealthy(url())), "");
  answer(503, "");
  auto condition = unhealthy(url());
  EXPECT_EQ(condition(), "") << "once is no reason";
  EXPECT_EQ(condition(), "");
  EXPECT_NE(condition().find("status 503"), std::string::npos);
  EXPECT_NE(ask(unhealthy("http://127.0.0.1:1/")).find("does not answer"), std::string::npos);
}

TEST_F(AbortTest, PrometheusQuery) {
  const auto with = [&](const json& data) {
    answer(200, json{{"status", "success"}, {"data", data}}.dump());
    return alerted(url(), "up == 0")();
  };
  EXPECT_EQ(with({{"resultType", "vector"}, {"result", json::array()}}), "");
  const auto sample = [](const char* value) {
    return json{{"metric", json::object()}, {"value", {1, value}}};
  };
  EXPECT_EQ(with({{"resultType", "vector"}, {"result", {sample("0")}}}), "");
  EXPECT_NE(
      with({{"resultType", "vector"}, {"result", {sample("0"), sample("3")}}}).find("up == 0"),
      std::string::npos);
  EXPECT_NE(with({{"resultType", "scalar"}, {"result", {1, "1"}}}), "");
  EXPECT_EQ(server_.requests().back().target, "/api/v1/query?query=up%20%3D%3D%200");
  answer(200, "no JSON");
  EXPECT_EQ(alerted(url(), "up")(), "");
  EXPECT_NE(ask(alerted(url(), "up")), "");
}

TEST_F(AbortTest, StopAnnotation) {
  Kubernetes api(server_.access(), {.first_pause = 1ms, .attempts = 1});
  answer(200, json{{"metadata", {{"name", "messaging"}}}}.dump());
  EXPECT_EQ(told_to_stop(api, "messaging")(), "");
  answer(200, json{{"metadata", {{"annotations", {{"faultline.dev/stop", ""}}}}}}.dump());
  EXPECT_NE(told_to_stop(api, "messaging")().find("faultline.dev/stop"), std::string::npos);
  answer(500, "");
  EXPECT_EQ(told_to_stop(api, "messaging")(), "");
  EXPECT_NE(ask(told_to_stop(api, "messaging")), "");
}

TEST(AbortWatch, TellsOnceAndStays) {
  std::atomic<bool> stop = false;
  std::atomic<int> told = 0;
  AbortWatch watch(
      {[&] { return stop ? std::string("enough") : std::string(); }}, 0ms,
      [&](const std::string&) { ++told; }, 1ms);
  EXPECT_EQ(watch.reason({}), "");
  stop = true;
  EXPECT_TRUE(eventually([&] { return told == 1; }));
  stop = false;
  EXPECT_EQ(watch.reason({}), "enough");
  EXPECT_EQ(told, 1);
}

TEST(AbortWatch, UnavailabilityOverTheLimit) {
  std::atomic<int> told = 0;
  AbortWatch watch(
      {}, 60s, [&](const std::string&) { ++told; }, 1ms);
  ProgressFigures figures;
  figures.unavailable_reads = 59s;
  EXPECT_EQ(watch.reason(figures), "");
  figures.unavailable_reads = 61s;
  EXPECT_NE(watch.reason(figures).find("reads were not served for 61 s"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return told == 1; }));
}

}  // namespace
}  // namespace faultline
