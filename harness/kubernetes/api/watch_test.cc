#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>

#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/api/testing.h"

namespace faultline {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::impatient;
using testing::refusal_of;
using testing::status_reply;
using testing::StubReply;
using testing::StubRequest;
using testing::StubServer;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto pods = "/api/v1/namespaces/n/pods";

json object(const std::string& name, const std::string& uid, const std::string& version) {
  return {{"metadata",
           {{"namespace", "n"}, {"name", name}, {"uid", uid}, {"resourceVersion", version}}}};
}

StubReply listed(const std::string& version, const std::vector<json>& items) {
  return {200, json{{"metadata", {{"resourceVersion", version}}}, {"items", items}}.dump()};
}

std::string line(const std::string& type, const json& object) {
  return json{{"type", type}, {"object", object}}.dump() + "\n";
}

std::string bookmark(const std::string& version) {
  return line("BOOKMARK", {{"metadata", {{"resourceVersion", version}}}});
}

StubReply streamed(const std::string& lines, StubReply::End end = StubReply::End::whole) {
  return {200, lines, {}, end, true};
}

const StubReply silence = streamed("", StubReply::End::hanging);
const StubReply away{200, "", {}, StubReply::End::none};
const StubReply gone_as_status = status_reply(410, "Expired", "too old resource version");
const StubReply gone_as_event =
    streamed(line("ERROR", {{"kind", "Status"}, {"code", 410}, {"reason", "Expired"}}));

// An API server that answers lists and watches each in their order; the last one
// is repeated.
class WatchTest : public ::testing::Test {
 protected:
  static StubReply next(const std::vector<StubReply>& replies, std::atomic<std::size_t>& number) {
    return replies.at(std::min(replies.size() - 1, number++));
  }

  // Begins when the replies are known: its threads read them.
  StubServer& server() {
    if (!server_)
      server_.emplace([this](const StubRequest& request) {
        return request.parameter("watch") == "true" ? next(watches_, watched_)
                                                    : next(lists_, listed_);
      });
    return *server_;
  }

  // "added a/uid-a@1" for each event until there were so many.
  std::vector<std::string> events(std::size_t most, const Query& query = {}) {
    std::vector<std::string> told;
    Kubernetes api(server().access(), options_);
    finished_ = api.watch(pods, query, 60s, [&](const WatchEvent& event) {
      const auto& metadata = event.object["metadata"];
      constexpr const char* names[] = {"added", "modified", "deleted"};
      told.push_back(std::string(names[static_cast<int>(event.kind)]) + " " +
                     metadata["name"].get<std::string>() + "/" +
                     metadata["uid"].get<std::string>() + "@" +
                     metadata["resourceVersion"].get<std::string>());
      return told.size() < most;
    });
    return told;
  }

  // The versions that watches were asked to begin at.
  std::vector<std::string> begun_at() {
    std::vector<std::string> versions;
    for (const auto& request : server().requests())
      if (request.parameter("watch") == "true")
        versions.push_back(request.parameter("resourceVersion"));
    return versions;
  }

  std::vector<StubReply> lists_, watches_;
  std::atomic<std::size_t> listed_ = 0, watched_ = 0;
  KubernetesOptions options_ = impatient();
  bool finished_ = false;

 private:
  std::optional<StubServer> server_;  // the last: its threads use what is above
};

TEST_F(WatchTest, TellsWhatThereIsThenWhatChanges) {
  lists_ = {listed("10", {object("a", "1", "5"), object("b", "2", "6")})};
  watches_ = {streamed(line("MODIFIED", object("a", "1", "11")) +
                       line("DELETED", object("b", "2", "12")) +
                       line("ADDED", object("b", "3", "13")))};
  EXPECT_THAT(events(5), ElementsAre("added a/1@5", "added b/2@6", "modified a/1@11",
                                     "deleted b/2@12", "added b/3@13"));
  EXPECT_TRUE(finished_);
}

TEST_F(WatchTest, AsksForBookmarksAndKeepsTheQuery) {
  lists_ = {listed("10", {})};
  watches_ = {streamed(line("ADDED", object("a", "1", "11")))};
  options_.watch_length = 7s;
  events(1, {{"labelSelector", "x"}});
  const auto requests = server().requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].parameter("labelSelector"), "x");
  EXPECT_EQ(requests[1].parameter("labelSelector"), "x");
  EXPECT_EQ(requests[1].parameter("allowWatchBookmarks"), "true");
  EXPECT_EQ(requests[1].parameter("timeoutSeconds"), "7");
  EXPECT_EQ(requests[1].parameter("resourceVersion"), "10");
}

TEST_F(WatchTest, TheHandlerMayEndItInTheList) {
  lists_ = {listed("10", {object("a", "1", "5"), object("b", "2", "6")})};
  watches_ = {silence};
  EXPECT_THAT(events(1), ElementsAre("added a/1@5"));
  EXPECT_TRUE(finished_);
  EXPECT_TRUE(begun_at().empty());
}

TEST_F(WatchTest, GoesOnFromTheLastVersionSeen_BookmarksIncluded) {
  const auto half = line("ADDED", object("c", "3", "16"));
  lists_ = {listed("10", {object("a", "1", "5")})};
  watches_ = {
      streamed(line("ADDED", object("b", "2", "11")), StubReply::End::cut),
      streamed(bookmark("15") + half.substr(0, half.size() / 2), StubReply::End::cut),
      streamed(half),
  };
  EXPECT_THAT(events(3), ElementsAre("added a/1@5", "added b/2@11", "added c/3@16"));
  EXPECT_THAT(begun_at(), ElementsAre("10", "11", "15"));
  EXPECT_EQ(listed_, 1u);
}

TEST_F(WatchTest, AWatchThatEndsInOrderIsMadeAnew) {
  lists_ = {listed("10", {})};
  watches_ = {streamed(bookmark("12")), streamed(""),
              streamed(line("ADDED", object("a", "1", "13")))};
  EXPECT_THAT(events(1), ElementsAre("added a/1@13"));
  EXPECT_THAT(begun_at(), ElementsAre("10", "12", "12"));
}

class WatchGoneTest : public WatchTest, public ::testing::WithParamInterface<StubReply> {};

TEST_P(WatchGoneTest, ListsAgainAndTellsTheDifferences) {
  lists_ = {listed("10", {object("changed", "1", "5"), object("gone", "2", "6"),
                          object("other", "3", "7"), object("same", "4", "8")}),
            listed("30", {object("changed", "1", "25"), object("new", "5", "26"),
                          object("other", "6", "27"), object("same", "4", "8")})};
  watches_ = {GetParam(), streamed(line("DELETED", object("same", "4", "31")))};
  const auto told = events(10 - 1);
  ASSERT_EQ(told.size(), 9u);
  const std::vector<std::string> differences(told.begin() + 4, told.end());
  EXPECT_THAT(differences, ::testing::UnorderedElementsAre("deleted gone/2@6", "deleted other/3@7",
                                                           "added other/6@27", "added new/5@26",
                                                           "modified changed/1@25"));
  EXPECT_LT(std::ranges::find(differences, "deleted other/3@7"),
            std::ranges::find(differences, "added other/6@27"));
}

TEST_P(WatchGoneTest, WhatTheWatchToldIsNotToldAgain) {
  lists_ = {listed("10", {object("a", "1", "5")}),
            listed("30", {object("b", "2", "11"), object("c", "3", "12")})};
  watches_ = {
      streamed(line("ADDED", object("b", "2", "11")) + line("DELETED", object("a", "1", "12"))),
      GetParam(), silence};
  EXPECT_THAT(events(4),
              ElementsAre("added a/1@5", "added b/2@11", "deleted a/1@12", "added c/3@12"));
}

TEST_P(WatchGoneTest, GoesOnFromTheNewList) {
  lists_ = {listed("10", {}), listed("30", {})};
  watches_ = {GetParam(), streamed(line("ADDED", object("a", "1", "31")))};
  EXPECT_THAT(events(1), ElementsAre("added a/1@31"));
  EXPECT_THAT(begun_at(), ElementsAre("10", "30"));
}

INSTANTIATE_TEST_SUITE_P(Ways, WatchGoneTest, ::testing::Values(gone_as_status, gone_as_event),
                         [](const auto& info) { return info.index == 0 ? "Status" : "Event"; });

TEST_F(WatchTest, AnApiServerThatIsAwayIsWaitedForOnceItHasListed) {
  lists_ = {
      listed("10", {object("a", "1", "5")}), away, status_reply(503, "", "starting"), away, away,
      listed("30", {object("b", "2", "25")})};
  watches_ = {away,           status_reply(500, "", ""),
              away,           status_reply(429, "", ""),
              gone_as_status, streamed(line("MODIFIED", object("b", "2", "31")))};
  EXPECT_THAT(events(4),
              ElementsAre("added a/1@5", "deleted a/1@5", "added b/2@25", "modified b/2@31"));
}

TEST_F(WatchTest, AnApiServerThatWasNeverThereIsAnError) {
  lists_ = {away};
  watches_ = {silence};
  EXPECT_EQ(refusal_of([&] { events(1); }).status, 0);
  EXPECT_EQ(listed_, 3u);
}

TEST_F(WatchTest, AFinalRefusalOfTheListIsAnError) {
  lists_ = {status_reply(403, "Forbidden", "not you")};
  EXPECT_EQ(refusal_of([&] { events(1); }).status, 403);
  EXPECT_EQ(listed_, 1u);
}

TEST_F(WatchTest, AFinalRefusalOfTheWatchIsAnError) {
  lists_ = {listed("10", {})};
  watches_ = {status_reply(403, "Forbidden", "not you")};
  EXPECT_THAT(refusal_of([&] { events(1); }).what(), HasSubstr("403 Forbidden: not you"));
  EXPECT_EQ(watched_, 1u);
}

TEST_F(WatchTest, ALineThatSaysNothingIsDead) {
  lists_ = {listed("10", {})};
  watches_ = {streamed(bookmark("11"), StubReply::End::hanging),
              streamed(line("ADDED", object("a", "1", "12")))};
  options_.watch_silence = 300ms;
  EXPECT_THAT(events(1), ElementsAre("added a/1@12"));
  EXPECT_GE(watched_, 2u);
}

TEST_F(WatchTest, WhatFollowsGarbageIsAskedForAgain) {
  lists_ = {listed("10", {})};
  watches_ = {streamed(bookmark("11") + "garbage\n" + line("ADDED", object("no", "0", "90"))),
              streamed(line("ADDED", object("a", "1", "12")))};
  EXPECT_THAT(events(1), ElementsAre("added a/1@12"));
  EXPECT_THAT(begun_at(), ElementsAre("10", "11"));
}

TEST_F(WatchTest, WhatTheHandlerThrowsComesOut) {
  lists_ = {listed("10", {object("a", "1", "5")})};
  watches_ = {streamed(line("ADDED", object("b", "2", "11")), StubReply::End::hanging)};
  Kubernetes api(server().access(), options_);
  for (const std::string at : {"a", "b"})
    EXPECT_THROW(api.watch(pods, {}, 60s,
                           [&](const WatchEvent& event) {
                             if (event.object["metadata"]["name"] == at)
                               throw std::domain_error("of the handler");
                             return true;
                           }),
                 std::domain_error);
  EXPECT_EQ(api.get(pods)["items"].size(), 1u);
}

TEST_F(WatchTest, EndsWhenItsLimitIsOver) {
  lists_ = {listed("10", {})};
  watches_ = {silence};
  Kubernetes api(server().access(), options_);
  const auto begin = Clock::now();
  EXPECT_FALSE(api.watch(pods, {}, 300ms, [](const WatchEvent&) { return true; }));
  EXPECT_GE(Clock::now() - begin, 300ms);
  EXPECT_LT(Clock::now() - begin, 20s);
}

TEST_F(WatchTest, EndsWhenItsLimitIsOverAndTheApiServerIsAway) {
  lists_ = {listed("10", {})};
  watches_ = {away};
  Kubernetes api(server().access(), options_);
  EXPECT_FALSE(api.watch(pods, {}, 100ms, [](const WatchEvent&) { return true; }));
}

TEST_F(WatchTest, IsCancelled) {
  std::atomic<bool> cancelled = false;
  lists_ = {listed("10", {object("a", "1", "5")})};
  watches_ = {silence};
  options_.cancelled = [&] { return cancelled.load(); };
  Kubernetes api(server().access(), options_);
  const auto begin = Clock::now();
  EXPECT_FALSE(api.watch(pods, {}, 60s, [&](const WatchEvent&) { return cancelled = true; }));
  EXPECT_LT(Clock::now() - begin, 20s);
}

}  // namespace
}  // namespace faultline
