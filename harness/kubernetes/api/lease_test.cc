#include "harness/kubernetes/api/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>

#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/api/testing_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using testing::eventually;
using testing::impatient;
using testing::refusal_of;
using ::testing::StartsWith;
using testing::status_reply;
using testing::StubObjects;
using testing::StubReply;
using testing::StubRequest;
using testing::StubServer;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto path = "/apis/coordination.k8s.io/v1/namespaces/n/leases/l";

class LeaseTest : public ::testing::Test {
 protected:
  LeaseTest()
      : objects_([this](const StubRequest& request) -> std::optional<StubReply> {
          ++requests_;
          const std::lock_guard lock(mutex_);
          return hook_ ? hook_(request) : std::nullopt;
        }),
        server_(std::ref(objects_)),
        api_(server_.access(), impatient()) {}

  // Its clock moves only where the test says so; renews itself only where wanted.
  LeaseOptions options() {
    LeaseOptions options;
    options.renew_every = 1h;
    options.look_every = 1ms;
    options.now = [this] { return Clock::time_point(std::chrono::milliseconds(now_)); };
    return options;
  }

  Lease lease(const std::string& identity) { return {api_, "n", "l", identity, options()}; }

  Lease renewing() {
    auto often = options();
    often.renew_every = 5ms;
    return {api_, "n", "l", "me", often};
  }

  void pass(std::chrono::milliseconds time) { now_ += time.count(); }

  void answer(StubObjects::Hook hook) {
    const std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }

  json spec() const { return objects_.find(path).value()["spec"]; }
  std::string holder() const { return spec()["holderIdentity"]; }

  // As another client left it.
  void put(const std::string& holder, const std::string& renewed, int duration = 30) {
    objects_.put(path, {{"spec",
                         {{"holderIdentity", holder},
                          {"leaseDurationSeconds", duration},
                          {"acquireTime", "2026-11-23T09:00:00.000000Z"},
                          {"renewTime", renewed},
                          {"leaseTransitions", 4}}}});
  }

  std::atomic<long> now_ = 1'000'000;
  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  StubObjects::Hook hook_;
  StubObjects objects_;
  StubServer server_;
  Kubernetes api_;
};

TEST_F(LeaseTest, IsTakenWhereThereIsNone) {
  auto mine = lease("me");
  EXPECT_FALSE(mine.try_take());
  EXPECT_FALSE(mine.lost());
  EXPECT_EQ(holder(), mine.identity());
  EXPECT_THAT(mine.identity(), StartsWith("me_"));
  EXPECT_EQ(spec()["leaseDurationSeconds"], 30);
  EXPECT_EQ(spec()["leaseTransitions"], 0);
  EXPECT_THAT(
      spec()["renewTime"].get<std::string>(),
      ::testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z"));
}

TEST_F(LeaseTest, IdentitiesAreUnique) {
  EXPECT_NE(lease("me").identity(), lease("me").identity());
}

TEST_F(LeaseTest, WhatAnotherHoldsIsLeftAsItIs) {
  put("other", "1");
  const auto before = objects_.find(path);
  auto mine = lease("me");
  const auto held = mine.try_take();
  ASSERT_TRUE(held);
  EXPECT_EQ(held->identity, "other");
  EXPECT_EQ(held->since, "2026-11-23T09:00:00.000000Z");
  EXPECT_FALSE(mine.release());
  EXPECT_EQ(objects_.find(path), before);
}

TEST_F(LeaseTest, IsTakenOverWhenUnchangedForTheDurationItNames) {
  put("dead", "1", 7);
  auto mine = lease("me");
  EXPECT_TRUE(mine.try_take());
  pass(6'999ms);
  EXPECT_TRUE(mine.try_take());
  pass(1ms);
  EXPECT_FALSE(mine.try_take());
  EXPECT_EQ(holder(), mine.identity());
  EXPECT_EQ(spec()["leaseTransitions"], 5);
  EXPECT_EQ(spec()["leaseDurationSeconds"], 30);
  EXPECT_NE(spec()["acquireTime"], "2026-11-23T09:00:00.000000Z");
}

// Its own clock says nothing of the other's, whose times may be long ago.
TEST_F(LeaseTest, IsNotTakenOverAtTheFirstLook) {
  pass(1'000'000h);
  put("other", "1999-01-01T00:00:00.000000Z");
  EXPECT_TRUE(lease("me").try_take());
}

TEST_F(LeaseTest, ASignOfLifeStartsTheWaitAnew) {
  put("other", "1");
  auto mine = lease("me");
  EXPECT_TRUE(mine.try_take());
  pass(29s);
  put("other", "2");
  EXPECT_TRUE(mine.try_take());
  pass(29s);
  EXPECT_TRUE(mine.try_take());
  pass(1s);
  EXPECT_FALSE(mine.try_take());
}

TEST_F(LeaseTest, ANewHolderStartsTheWaitAnew) {
  put("other", "1");
  auto mine = lease("me");
  EXPECT_TRUE(mine.try_take());
  pass(30s);
  put("third", "1");
  EXPECT_EQ(mine.try_take().value().identity, "third");
}

TEST_F(LeaseTest, OneThatNobodyHoldsIsTakenAtOnce) {
  for (const json& odd : {json{{"spec", json::object()}}, json{{"spec", nullptr}}, json::object(),
                          json{{"spec", {{"holderIdentity", nullptr}}}},
                          json{{"spec", {{"holderIdentity", 7}, {"leaseTransitions", "x"}}}}}) {
    objects_.put(path, odd);
    EXPECT_FALSE(lease("me").try_take()) << odd;
  }
}

TEST_F(LeaseTest, ReleasedItIsFreeAtOnce) {
  auto mine = lease("me"), others = lease("other");
  EXPECT_FALSE(mine.try_take());
  EXPECT_TRUE(others.try_take());
  EXPECT_TRUE(mine.release());
  EXPECT_EQ(holder(), "");
  EXPECT_FALSE(mine.release());
  EXPECT_FALSE(others.try_take());
  EXPECT_EQ(holder(), others.identity());
}

TEST_F(LeaseTest, TheDestructorReleases) {
  { EXPECT_FALSE(lease("me").try_take()); }
  EXPECT_EQ(holder(), "");
}

TEST_F(LeaseTest, ReleaseOvercomesAConflict) {
  auto mine = lease("me");
  EXPECT_FALSE(mine.try_take());
  answer([left = 2](const StubRequest& request) mutable -> std::optional<StubReply> {
    if (request.method != "PUT" || left-- <= 0) return {};
    return status_reply(409, "Conflict", "modified");
  });
  EXPECT_TRUE(mine.release());
  EXPECT_EQ(holder(), "");
}

TEST_F(LeaseTest, ReleaseOfOneThatAnotherTookLeavesItToHim) {
  auto mine = lease("me");
  EXPECT_FALSE(mine.try_take());
  put("other", "1");
  EXPECT_FALSE(mine.release());
  EXPECT_EQ(holder(), "other");
}

TEST_F(LeaseTest, ReleaseNeverThrows) {
  for (const int status : {403, 404, 409, 500}) {
    auto mine = lease("me");
    EXPECT_FALSE(mine.try_take());
    answer([=](const StubRequest&) { return status_reply(status, "", ""); });
    EXPECT_FALSE(mine.release());
    answer({});
    objects_.erase(path);
  }
}

// However many ask at the same moment, and whatever was there before.
TEST_F(LeaseTest, TwoTakersNeverBothWin) {
  constexpr int takers = 6;
  for (int round = 0; round < 8; ++round) {
    if (round % 2 == 0)
      objects_.erase(path);
    else
      put("dead", std::to_string(round));
    std::vector<std::unique_ptr<Lease>> leases;
    for (int i = 0; i < takers; ++i)
      leases.push_back(std::make_unique<Lease>(api_, "n", "l", std::to_string(i), options()));
    if (round % 2 == 1) {
      for (const auto& one : leases) EXPECT_TRUE(one->try_take());
    }
    pass(30s);
    std::barrier together(takers);
    std::atomic<int> won = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < takers; ++i)
      threads.emplace_back([&, i] {
        together.arrive_and_wait();
        if (!leases[i]->try_take()) ++won;
      });
    threads.clear();
    EXPECT_EQ(won, 1) << "round " << round;
    EXPECT_EQ(std::ranges::count(leases, holder(), [](const auto& l) { return l->identity(); }), 1);
  }
}

// The API server did it, and its answer was lost.
TEST_F(LeaseTest, OneThatIsOursUnknowinglyIsFoundToBeOurs) {
  put("", "1");
  answer([this, lose = true](const StubRequest& request) mutable -> std::optional<StubReply> {
    if (request.method != "PUT" || !std::exchange(lose, false)) return {};
    objects_.put(path, json::parse(request.body));
    return StubReply{200, "", {}, StubReply::End::none};
  });
  auto mine = lease("me");
  EXPECT_EQ(refusal_of([&] { mine.try_take(); }).status, 0);
  EXPECT_EQ(holder(), mine.identity());
  const auto acquired = spec()["acquireTime"];
  EXPECT_FALSE(mine.try_take());
  EXPECT_EQ(spec()["leaseTransitions"], 5);
  EXPECT_EQ(spec()["acquireTime"], acquired);
}

TEST_F(LeaseTest, AStormOfConflictsIsGivenUp) {
  put("", "1");
  answer([](const StubRequest& request) -> std::optional<StubReply> {
    if (request.method != "PUT") return {};
    return status_reply(409, "Conflict", "modified");
  });
  auto mine = lease("me");
  EXPECT_EQ(refusal_of([&] { mine.try_take(); }).status, 409);
  EXPECT_EQ(server_.count("PUT"), 100u);
}

TEST_F(LeaseTest, AnyOtherRefusalIsNotTriedAgain) {
  answer([](const StubRequest& request) -> std::optional<StubReply> {
    if (request.method != "POST") return {};
    return status_reply(403, "Forbidden", "not you");
  });
  auto mine = lease("me");
  EXPECT_EQ(refusal_of([&] { mine.try_take(); }).status, 403);
  EXPECT_EQ(server_.count("POST"), 1u);
}

TEST_F(LeaseTest, IsRenewedAndSoKept) {
  auto mine = renewing();
  EXPECT_FALSE(mine.try_take());
  const auto acquired = spec()["acquireTime"];
  for (int i = 0; i < 5; ++i) {
    const auto renewed = spec()["renewTime"];
    EXPECT_TRUE(eventually([&] { return spec()["renewTime"] != renewed; }));
    const auto before = requests_.load();  // one more whole renewal: of the present time
    EXPECT_TRUE(eventually([&] { return requests_ > before + 4; }));
    pass(19s);
    EXPECT_FALSE(mine.lost());
  }
  EXPECT_EQ(spec()["acquireTime"], acquired);
  EXPECT_EQ(spec()["leaseTransitions"], 0);
  EXPECT_EQ(holder(), mine.identity());
}

TEST_F(LeaseTest, IsLostWhenNotRenewedForTwoThirdsOfItsDuration) {
  auto mine = lease("me");
  EXPECT_FALSE(mine.try_take());
  const auto before = requests_.load();
  pass(20s);
  EXPECT_FALSE(mine.lost());
  pass(1ms);
  EXPECT_TRUE(mine.lost());
  EXPECT_EQ(requests_, before);
  pass(-10s);
  EXPECT_TRUE(mine.lost());  // stays so
}

// The moment before the request counts: the server's may be any after it.
TEST_F(LeaseTest, ASlowAnswerTakesFromItsTime) {
  answer([this](const StubRequest& request) -> std::optional<StubReply> {
    if (request.method == "POST") pass(15s);
    return {};
  });
  auto mine = lease("me");
  EXPECT_FALSE(mine.try_take());
  pass(6s);
  EXPECT_TRUE(mine.lost());
}

TEST_F(LeaseTest, OneRefusalToRenewIsNotItsLoss) {
  auto mine = renewing();
  EXPECT_FALSE(mine.try_take());
  std::atomic<int> refused = 0;
  answer([&](const StubRequest&) -> std::optional<StubReply> {
    if (refused >= 6) return {};
    ++refused;
    return status_reply(500, "InternalError", "");
  });
  const auto renewed = spec()["renewTime"];
  EXPECT_TRUE(eventually([&] { return spec()["renewTime"] != renewed; }));
  EXPECT_EQ(refused, 6);
  EXPECT_FALSE(mine.lost());
  answer({});
}

TEST_F(LeaseTest, IsLostWhenAnotherHoldsIt) {
  auto mine = renewing();
  EXPECT_FALSE(mine.try_take());
  put("other", "1");
  EXPECT_TRUE(eventually([&] { return mine.lost(); }));
  EXPECT_FALSE(mine.release());
  EXPECT_EQ(holder(), "other");
  EXPECT_EQ(spec()["renewTime"], "1");
}

TEST_F(LeaseTest, IsLostWhenSomebodyDeletesIt) {
  auto mine = renewing();
  EXPECT_FALSE(mine.try_take());
  objects_.erase(path);
  EXPECT_TRUE(eventually([&] { return mine.lost(); }));
}

TEST_F(LeaseTest, ALostOneIsNotRenewedAnyMore) {
  auto mine = renewing();
  EXPECT_FALSE(mine.try_take());
  pass(21s);
  EXPECT_TRUE(mine.lost());
  const auto before = server_.count("PUT");
  std::this_thread::sleep_for(100ms);
  EXPECT_LE(server_.count("PUT"), before + 1);  // what was under way
}

TEST_F(LeaseTest, TakeWaitsForADeadHolder) {
  put("dead", "1", 12);
  answer([this](const StubRequest&) -> std::optional<StubReply> { return pass(1s), std::nullopt; });
  const auto begin = now_.load();
  auto mine = lease("me");
  EXPECT_FALSE(mine.take());
  EXPECT_EQ(holder(), mine.identity());
  EXPECT_GE(now_ - begin, 12'000);
  EXPECT_LE(now_ - begin, 16'000);
}

TEST_F(LeaseTest, TakeLeavesALivingHolder) {
  put("other", "1");
  answer([this, looks = 0](const StubRequest&) mutable -> std::optional<StubReply> {
    if (++looks == 3) put("other", "2");
    return {};
  });
  EXPECT_EQ(lease("me").take().value().identity, "other");
  EXPECT_EQ(requests_, 3);
}

TEST_F(LeaseTest, TakeIsCancelled) {
  put("other", "1");
  EXPECT_EQ(lease("me").take([] { return true; }).value().identity, "other");
  EXPECT_EQ(requests_, 1);
}

}  // namespace
}  // namespace faultline
