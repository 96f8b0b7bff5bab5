#include "harness/broker/nats/jsz.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

namespace faultline {
namespace {

using nlohmann::json;

// Captured from three servers of 2.12.15: n1 leads the metadata group and
// `laggards`, n2 the stream `log`, n3 the group `group`. Five messages, the
// third deleted.
std::string captured(const std::string& server) {
  std::ifstream file("harness/broker/nats/testdata/jsz-2.12.15-" + server + ".json");
  EXPECT_TRUE(file) << "tests run in the folder of the project";
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

Views captured_views() {
  Views views;
  for (const auto* server : {"n1", "n2", "n3"}) {
    auto view = parse_jsz(captured(server));
    EXPECT_TRUE(view);
    if (view) views[server] = *view;
  }
  return views;
}

TEST(Jsz, ReadsWhatAServerSays) {
  const auto view = parse_jsz(captured("n2"));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->meta.leader, "n1");
  ASSERT_EQ(view->streams.size(), 1u);
  const auto& stream = view->streams.at("log");
  EXPECT_EQ(stream.group.leader, "n2");
  ASSERT_EQ(stream.group.replicas.size(), 2u);
  EXPECT_EQ(stream.group.replicas[0].name, "n1");
  EXPECT_TRUE(stream.group.replicas[0].current);
  EXPECT_FALSE(stream.group.replicas[0].offline);
  EXPECT_EQ(stream.messages, 4u);
  EXPECT_EQ(stream.first_sequence, 1u);
  EXPECT_EQ(stream.last_sequence, 5u);
  EXPECT_EQ(stream.deleted, 1u);
  EXPECT_EQ(stream.lost, 0u);
  EXPECT_EQ(stream.consumers.at("group").leader, "n3");
  EXPECT_EQ(stream.consumers.at("laggards").leader, "n1");
}

TEST(Jsz, LeadersAreThoseWhoSaySoOfThemselves) {
  auto views = captured_views();
  EXPECT_EQ(meta_leader(views), "n1");
  EXPECT_EQ(stream_leader(views, "log"), "n2");
  EXPECT_EQ(consumer_leader(views, "log", "group"), "n3");
  EXPECT_EQ(consumer_leader(views, "log", "laggards"), "n1");
  EXPECT_EQ(stream_leader(views, "other"), "");
  EXPECT_EQ(consumer_leader(views, "log", "other"), "");

  views.erase("n2");  // the others still name it
  EXPECT_EQ(stream_leader(views, "log"), "");
  EXPECT_EQ(meta_leader(views), "n1");
  EXPECT_EQ(meta_leader({}), "");
}

TEST(Jsz, OfTwoWhoClaimToLeadTheOneWithMoreSupport) {
  const auto sees = [](const std::string& leader) { return Group{leader, {}}; };
  EXPECT_EQ(leader_of({{"n1", sees("n1")}, {"n2", sees("n2")}, {"n3", sees("n2")}}), "n2");
  EXPECT_EQ(leader_of({{"n1", sees("n1")}, {"n2", sees("n2")}, {"n3", sees("n1")}}), "n1");
  EXPECT_EQ(leader_of({{"n1", sees("n3")}, {"n2", sees("n3")}}), "");
  EXPECT_EQ(leader_of({{"n1", sees("")}, {"n2", sees("")}}), "");
  EXPECT_EQ(leader_of({}), "");
}

TEST(Jsz, CountsLostMessagesAndOfflinePeers) {
  const auto view = parse_jsz(R"({"server_id":"N","account_details":[{"stream_detail":[
    {"name":"log","cluster":{"leader":"n1","replicas":[
       {"name":"n2","current":false,"offline":true,"lag":7}]},
     "state":{"messages":2,"lost":{"msgs":[3,4,5],"bytes":9}}}]}]})");
  ASSERT_TRUE(view);
  const auto& stream = view->streams.at("log");
  EXPECT_EQ(stream.lost, 3u);
  ASSERT_EQ(stream.group.replicas.size(), 1u);
  EXPECT_TRUE(stream.group.replicas[0].offline);
  EXPECT_EQ(stream.group.replicas[0].lag, 7u);
}

TEST(Jsz, RefusesWhatIsNone) {
  for (const auto* text : {"", "[]", "null", "{}", "{", "404 page not found", "\xff\xfe"})
    EXPECT_FALSE(parse_jsz(text)) << text;
  EXPECT_TRUE(parse_jsz(R"({"server_id":"N"})"));
}

TEST(Jsz, TakesMembersOfAnotherTypeForAbsent) {
  const auto whole = json::parse(captured("n1"));
  const auto flat = whole.flatten();
  std::set<std::string> members;
  for (const auto& [pointer, value] : flat.items()) {
    if (pointer.find("/config/") != std::string::npos) continue;  // never read
    for (json::json_pointer at(pointer); !at.empty(); at.pop_back()) members.insert(at.to_string());
  }
  ASSERT_GT(members.size(), 100u);
  for (const auto& member : members) {
    auto changed = whole;
    auto& value = changed[json::json_pointer(member)];
    for (const auto* wrong : {"null", "-1", "1e99", "true", "\"x\"", "[1]", "{}"}) {
      value = json::parse(wrong);
      EXPECT_NO_THROW(parse_jsz(changed.dump())) << member << " = " << wrong;
    }
  }
}

TEST(Jsz, SurvivesEveryTruncationAndRandomBytes) {
  const auto whole = captured("n1");
  for (std::size_t length = 0; length < whole.size(); length += 7)
    EXPECT_FALSE(parse_jsz(std::string_view(whole).substr(0, length))) << length;

  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RecordProperty("seed", static_cast<int>(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 500; ++i) {
    auto damaged = whole;
    for (int k = 0; k < 5; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    EXPECT_NO_THROW(parse_jsz(damaged));
  }
}

}  // namespace
}  // namespace faultline
