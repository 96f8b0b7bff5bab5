#include "workloads/nats_client.h"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "harness/broker/nats/nats_api.h"
#include "harness/broker/nats/nats_config.h"
#include "workloads/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

// The reply of one asynchronous call. Views in it are dangling.
template <class Reply>
Reply wait_for(const std::function<void(Callback<Reply>)>& call) {
  auto reply = std::make_shared<std::promise<Reply>>();
  auto future = reply->get_future();
  call([reply](const Reply& got) { reply->set_value(got); });
  return future.get();
}

PublishReply publish(Client& client, std::string_view payload) {
  return wait_for<PublishReply>([&](auto done) { client.publish(payload, "", 5s, done); });
}

struct Read {
  Outcome outcome;
  bool found;
  std::string payload;
  bool operator==(const Read&) const = default;
};

Read read(Client& client, std::uint64_t sequence, bool direct = false) {
  std::promise<Read> result;
  const auto done = [&](const ReadReply& reply) {
    result.set_value({reply.outcome, reply.found, std::string(reply.payload)});
  };
  if (direct)
    client.direct_read(sequence, 5s, done);
  else
    client.read(sequence, 5s, done);
  return result.get_future().get();
}

PullReply pull(Client& client, const std::string& group) {
  return wait_for<PullReply>([&](auto done) { client.pull(group, 100ms, 5s, done); });
}

class NatsClientTest : public testing::Test {
 protected:
  NatsAddress nats_address() const {
    const auto address = cluster.address();
    return {address.urls, address.stream, address.subject};
  }

  TestCluster cluster;
};

TEST_F(NatsClientTest, WritesReadsAndDelivers) {
  NatsClient client(nats_address(), "test", 1);
  ASSERT_TRUE(eventually([&] { return client.connected(); }));
  const std::string payload("\0binary\xff\r\n", 10);
  ASSERT_TRUE(eventually([&] {  // once every server knows of the stream
    return publish(client, payload + "1").outcome == Outcome::ok;
  }));
  for (std::uint64_t sequence = 2; sequence <= 3; ++sequence) {
    const auto reply = publish(client, payload + std::to_string(sequence));
    EXPECT_EQ(reply.outcome, Outcome::ok);
    EXPECT_EQ(reply.sequence, sequence);
    EXPECT_FALSE(reply.duplicate);
  }
  EXPECT_EQ(client.stream_state(5s), (StreamState{1, 3}));
  EXPECT_EQ(read(client, 2), (Read{Outcome::ok, true, payload + "2"}));
  EXPECT_EQ(read(client, 4), (Read{Outcome::ok, false, ""}));
  EXPECT_TRUE(eventually([&] {  // a replica may be behind
    return read(client, 3, true) == Read{Outcome::ok, true, payload + "3"};
  }));
  EXPECT_EQ(read(client, 4, true), (Read{Outcome::ok, false, ""}));

  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    PullReply pulled;
    ASSERT_TRUE(eventually([&] {  // the group's leader may be behind
      return (pulled = pull(client, "durable")).found;
    }));
    EXPECT_EQ(pulled.sequence, sequence);
    EXPECT_EQ(pulled.deliveries, 1u);
    const auto acknowledged = wait_for<AcknowledgeReply>(
        [&](auto done) { client.acknowledge(pulled.acknowledge_to, 5s, done); });
    EXPECT_EQ(acknowledged.outcome, Outcome::ok);
  }
  const auto empty = pull(client, "durable");
  EXPECT_EQ(empty.outcome, Outcome::ok);
  EXPECT_FALSE(empty.found);
  const auto drained = client.group_state("durable", 5s);
  ASSERT_TRUE(drained);
  EXPECT_EQ(drained->pending + drained->unacknowledged, 0u);
  EXPECT_EQ(client.group_state("lagging", 5s)->pending, 3u);
}

TEST_F(NatsClientTest, IsRefusedWhereNobodyAnswers) {
  auto address = nats_address();
  address.stream = "another";
  address.subject = "another.values";
  NatsClient client(address, "test", 0);
  ASSERT_TRUE(eventually([&] { return client.connected(); }));
  EXPECT_EQ(publish(client, "value").outcome, Outcome::fail);
  EXPECT_EQ(read(client, 1).outcome, Outcome::fail);
  EXPECT_EQ(read(client, 1, true).outcome, Outcome::fail);
  EXPECT_EQ(pull(client, "durable").outcome, Outcome::fail);
  EXPECT_FALSE(client.stream_state(5s));
}

TEST_F(NatsClientTest, RefusesWhileItIsNotConnected) {
  NatsClient client(nats_address(), "test", 0);
  ASSERT_TRUE(eventually([&] { return client.connected(); }));
  for (const auto& server : cluster.cluster().servers()) cluster.cluster().kill(server.name);
  ASSERT_TRUE(eventually([&] { return !client.connected(); }));
  EXPECT_EQ(publish(client, "value").outcome, Outcome::fail);
  EXPECT_EQ(read(client, 1).outcome, Outcome::fail);
  EXPECT_FALSE(client.closed());
  for (const auto& server : cluster.cluster().servers()) cluster.cluster().start(server.name);
  EXPECT_TRUE(eventually([&] { return client.connected(); }));
  EXPECT_TRUE(eventually([&] { return publish(client, "value").outcome == Outcome::ok; }));
}

TEST_F(NatsClientTest, ConnectsToServersThatComeLater) {
  for (const auto& server : cluster.cluster().servers()) cluster.cluster().kill(server.name);
  NatsClient client(nats_address(), "test", 0);
  EXPECT_FALSE(client.connected());
  EXPECT_FALSE(client.closed());
  for (const auto& server : cluster.cluster().servers()) cluster.cluster().start(server.name);
  EXPECT_TRUE(eventually([&] { return client.connected(); }));
}

TEST_F(NatsClientTest, LeavesNothingOpenWhenItGoes) {
  std::promise<PullReply> pulled;
  {
    NatsClient client(nats_address(), "test", 0);
    ASSERT_TRUE(eventually([&] { return client.connected(); }));
    client.pull("durable", 60s, 60s, [&](const PullReply& reply) { pulled.set_value(reply); });
    client.close();
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(publish(client, "value").outcome, Outcome::fail);
  }
  EXPECT_EQ(pulled.get_future().get().outcome, Outcome::unknown);
}

// The library closes a connection for good after two authorization errors
// (nats.c before 3.13): the workload goes on with a new client.
TEST(LogWorkloadSession, IsRebuiltWhenItsConnectionIsClosedForGood) {
  TemporaryFolder folder;
  std::set<std::filesystem::path> configurations;
  const auto binary = find_nats_binary({}, [](const std::string&) {});
  auto program = nats_program(binary, "");
  program.configuration = [](const Layout& self, std::span<const Layout> all) {
    return nats_configuration(self, all, "") + "authorization { user: user, password: right }\n";
  };
  program.arguments = [&, arguments = program.arguments](const std::filesystem::path& path) {
    configurations.insert(path);
    return arguments(path);
  };
  LocalOptions options;
  options.folder = folder.path();
  LocalCluster cluster(program, options);
  const auto restart_with_password = [&](const std::string& password) {
    for (const auto& server : cluster.servers()) cluster.kill(server.name);
    for (const auto& path : configurations) {
      std::stringstream text;
      text << std::ifstream(path).rdbuf();
      std::ofstream(path) << std::regex_replace(text.str(), std::regex("password: \\w+"),
                                                "password: " + password);
    }
    for (const auto& server : cluster.servers()) cluster.start(server.name);
  };

  StreamAddress address;
  for (const auto& server : cluster.servers()) {
    const auto host = server.client_url.substr(std::string("nats://").size());
    address.urls.push_back("nats://user:right@" + host);
  }
  address.stream = "log";
  address.subject = "log.values";
  NatsApi api(address.urls);
  ASSERT_TRUE(eventually([&] {
    const auto made = api.request("$JS.API.STREAM.CREATE.log",
                                  {{"name", "log"},
                                   {"subjects", {"log.values"}},
                                   {"num_replicas", 3},
                                   {"allow_direct", true}},
                                  1s);
    return made && api_error(*made) == 0;
  }));

  LogSettings settings;
  settings.durables = settings.laggards = 0;
  TestRun run(settings, address);
  run.workload().start();
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > 50; }));
  restart_with_password("wrong");
  const auto struck = run.workload().live();
  ASSERT_TRUE(
      eventually([&] { return run.workload().live().writes_failed > struck.writes_failed + 800; }));
  restart_with_password("right");
  ASSERT_TRUE(eventually([&] { return run.workload().live().writes_ok > struck.writes_ok + 50; }));
  run.workload().stop_producing();
  EXPECT_TRUE(run.drain().complete);

  const auto history = run.finish();
  std::map<std::string, int> clients;
  for (const auto& event : history.events)
    if (const auto* started = std::get_if<ProcessStarted>(&event.what)) ++clients[started->role];
  EXPECT_GT(clients["producer"], 2);
  EXPECT_GT(clients["reader"], 1);
  std::map<Value, std::uint32_t> writers;
  for (const auto& each : history.operations) {
    EXPECT_NE(each.completed, never);
    if (each.kind == OperationKind::publish) {
      EXPECT_TRUE(writers.emplace(each.value, each.process).second) << "a value written twice";
    }
  }
}

}  // namespace
}  // namespace faultline
