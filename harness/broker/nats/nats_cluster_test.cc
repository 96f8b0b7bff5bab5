// The local provider and NATS together: real servers.
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/io.hpp>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_api.h"
#include "harness/cluster/local.h"
#include "harness/cluster/process_table.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::eventually;

const NatsBinary& binary() {
  static const auto found = find_nats_binary({}, [](const std::string&) {});
  return found;
}

struct Deployed {
  explicit Deployed(const fs::path& folder, LocalOptions options = {})
      : cluster(nats_program(binary(), "always"),
                [&] {
                  options.folder = folder;
                  options.started = [this](int pid, const std::string&) { pids.push_back(pid); };
                  return options;
                }()),
        broker(cluster, binary().version) {
    broker.wait_until_ready(120s, [](const std::string&) {});
  }

  std::vector<int> pids;
  LocalCluster cluster;
  NatsBroker broker;
};

StreamSettings stream() {
  StreamSettings settings;
  settings.name = "log";
  settings.subject = "log.values";
  settings.durable_group = "durable";
  settings.lagging_group = "lagging";
  return settings;
}

void publish(NatsBroker&, const Cluster& cluster, int count) {
  std::vector<std::string> urls;
  for (const auto& server : cluster.servers()) urls.push_back(server.client_url);
  NatsApi client(urls);
  for (int i = 0; i < count; ++i)
    ASSERT_TRUE(client.request("log.values", {{"value", i}}, 10s)) << i;
}

TEST(NatsCluster, ComesUpAndSaysWhoLeads) {
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path());
  auto& broker = deployed.broker;
  EXPECT_TRUE(broker.all_healthy());
  EXPECT_EQ(broker.version(), to_string(binary().version));
  EXPECT_TRUE(fs::exists(folder.path() / "brokers/n1/nats.conf"));
  EXPECT_NE(deployed.cluster.log_tail("n1", 5), "");

  broker.create_stream(stream(), {});
  const auto leaders = broker.leaders();
  EXPECT_NE(leaders.stream, "");
  EXPECT_NE(leaders.meta, "");
  ASSERT_EQ(leaders.consumers.size(), 2u);
  EXPECT_EQ(broker.replica_servers(), (std::vector<std::string>{"n1", "n2", "n3"}));
  EXPECT_FALSE(broker.stream_absent(1));

  publish(broker, deployed.cluster, 20);
  ASSERT_TRUE(eventually([&] { return broker.all_healthy(); }));
  for (const auto& state : broker.replica_states()) {
    EXPECT_TRUE(state.reachable && state.has_stream) << state.server;
    EXPECT_EQ(state.messages, 20u) << state.server;
    EXPECT_EQ(state.first_sequence, 1u) << state.server;
    EXPECT_EQ(state.last_sequence, 20u) << state.server;
    EXPECT_EQ(state.deleted + state.lost, 0u) << state.server;
  }

  ASSERT_TRUE(broker.gather_leaders(60s, {}));
  const auto gathered = broker.leaders();
  for (const auto& [group, leader] : gathered.consumers)
    EXPECT_EQ(leader, gathered.stream) << group;

  auto other = stream();
  other.name = "other";
  NatsApi api({deployed.cluster.servers()[0].client_url});
  ASSERT_TRUE(api.request("$JS.API.STREAM.DELETE.log", nullptr, 10s));
  EXPECT_TRUE(eventually([&] { return broker.stream_absent(1); }));
}

// Memphis's third broker ended where it was started beside the second.
TEST(NatsCluster, BrokersThatDisturbEachOtherAreStartedOneByOne) {
  const testing::TemporaryFolder folder;
  auto program = nats_program(binary(), "always");
  const auto lock = (folder.path() / "lock").string();
  program.binary = testing::write_program(
      folder.path() / "alone", "#!/bin/sh\nmkdir " + lock + " || exit 1\nsleep 0.3\nrmdir " + lock +
                                   "\nexec " + program.binary.string() + " \"$@\"\n");
  program.one_by_one = true;
  LocalOptions options;
  options.folder = folder.path() / "run";
  EXPECT_NO_THROW(LocalCluster(program, options));
}

TEST(NatsCluster, KilledBrokerIsHeldDownAndComesBack) {
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path());
  auto& [pids, cluster, broker] = deployed;
  broker.create_stream(stream(), {});
  publish(broker, cluster, 10);
  const auto leader = broker.leaders().stream;
  cluster.kill(leader);
  EXPECT_FALSE(cluster.running(leader));
  EXPECT_FALSE(broker.answers(leader));
  EXPECT_FALSE(broker.all_healthy());
  const auto exits = cluster.exits();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_EQ(exits[0].server, leader);
  EXPECT_TRUE(exits[0].expected);
  EXPECT_EQ(exits[0].detail, "signal 9");
  EXPECT_TRUE(cluster.exits().empty());
  EXPECT_NE(broker.leaders().stream, leader);
  EXPECT_TRUE(eventually([&] { return !broker.leaders().stream.empty(); }));
  EXPECT_EQ(broker.replica_servers().size(), 3u) << "dead ones too";
  for (const auto& state : broker.replica_states())
    EXPECT_EQ(state.reachable, state.server != leader);
  publish(broker, cluster, 10);

  cluster.start(leader);
  cluster.start(leader);  // no effect
  EXPECT_EQ(pids.size(), 4u);
  ASSERT_TRUE(eventually([&] { return broker.all_healthy(); }));
  const auto states = broker.replica_states();
  for (const auto& state : states) {
    EXPECT_EQ(state.messages, 20u) << state.server;
    EXPECT_EQ(state.last_sequence, 20u) << state.server;
  }
}

std::uint16_t port_of(const Cluster& cluster, const std::string& name) {
  for (const auto& server : cluster.servers())
    if (server.name == name)
      return static_cast<std::uint16_t>(
          std::stoi(server.client_url.substr(server.client_url.rfind(':') + 1)));
  throw std::out_of_range(name);
}

bool only_expected(const std::vector<Exit>& exits) {
  return std::ranges::all_of(exits, &Exit::expected);
}

// The run blamed the broker for what a foreign program did.
TEST(NatsCluster, PortTakenWhileItWasDown_ReleasedInTime_TheBrokerIsBack) {
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path());
  auto& cluster = deployed.cluster;
  cluster.kill("n2");
  boost::asio::io_context context;
  using boost::asio::ip::tcp;
  std::optional<tcp::acceptor> thief(
      std::in_place, context,
      tcp::endpoint(boost::asio::ip::address_v4::loopback(), port_of(cluster, "n2")));
  auto started = std::async(std::launch::async, [&] { cluster.start("n2"); });
  EXPECT_TRUE(eventually([&] {
    return cluster.log_tail("n2", 20).find("address already in use") != std::string::npos;
  }));
  thief.reset();
  started.get();
  EXPECT_TRUE(cluster.running("n2"));
  EXPECT_TRUE(eventually([&] { return deployed.broker.all_healthy(); }));
  EXPECT_TRUE(only_expected(cluster.exits()));
}

TEST(NatsCluster, PortTakenWhileItWasDown_ForGood_IsAnErrorOfTheHarness) {
  const testing::TemporaryFolder folder;
  LocalOptions options;
  options.port_limit = 500ms;
  Deployed deployed(folder.path(), std::move(options));
  auto& cluster = deployed.cluster;
  cluster.kill("n2");
  const auto port = port_of(cluster, "n2");
  boost::asio::io_context context;
  using boost::asio::ip::tcp;
  const tcp::acceptor thief(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
  try {
    cluster.start("n2");
    FAIL() << "started on a port that is taken";
  } catch (const AddressTaken& taken) {
    const std::string text = taken.what();
    EXPECT_TRUE(text.starts_with("n2 cannot be started again")) << text;
    EXPECT_NE(text.find(std::to_string(port)), std::string::npos) << text;
  }
  EXPECT_TRUE(only_expected(cluster.exits()));
}

TEST(NatsCluster, StreamIsNotAbsentWithoutAMetadataLeader) {
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path());
  deployed.broker.create_stream(stream(), {});
  for (const auto* server : {"n1", "n2", "n3"}) deployed.cluster.kill(server);
  EXPECT_FALSE(deployed.broker.stream_absent(1));
  EXPECT_EQ(deployed.broker.leaders().meta, "");
  EXPECT_EQ(deployed.broker.replica_servers().size(), 3u) << "as last known";
}

TEST(NatsCluster, BrokerThatEndsByItselfIsNoted) {
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path());
  ::kill(deployed.pids.at(1), SIGSEGV);  // a Go program prints its trace
  ASSERT_TRUE(eventually([&] { return !deployed.cluster.running("n2"); }));
  const auto exits = deployed.cluster.exits();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_EQ(exits[0].server, "n2");
  EXPECT_FALSE(exits[0].expected);
  EXPECT_EQ(exits[0].process, "pid " + std::to_string(deployed.pids.at(1)));
  EXPECT_TRUE(exits[0].detail.starts_with("exit status 2: ") ||
              exits[0].detail.starts_with("signal 11: "))
      << exits[0].detail;
}

TEST(NatsCluster, StopIsSIGTERM) {
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path());
  deployed.cluster.stop("n3", 60s);
  const auto exit = deployed.cluster.last_exit("n3");
  ASSERT_TRUE(exit);
  EXPECT_TRUE(exit->expected);
  EXPECT_TRUE(exit->detail.starts_with("exit status")) << exit->detail;
  EXPECT_NE(deployed.cluster.log_tail("n3", 50).find("Server Exiting"), std::string::npos);
}

// It had been "gone after 0.0 s (signal 9)", by the signal of somebody else.
TEST(NatsCluster, ADrainOfABrokerThatDoesNotRunIsNotComplete) {
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path());
  deployed.cluster.kill("n3");
  const auto drain = deployed.cluster.drain("n3", 10s);
  EXPECT_FALSE(drain.complete);
  EXPECT_EQ(drain.text, "nobody was asked to leave: it did not run");
  EXPECT_FALSE(deployed.cluster.drained("n3"));
}

TEST(NatsCluster, LeavesConfigurationAndLogButNoProcessAndNoData) {
  const testing::TemporaryFolder folder;
  std::vector<int> pids;
  {
    Deployed deployed(folder.path());
    pids = deployed.pids;
    EXPECT_FALSE(fs::is_empty(folder.path() / "brokers/n1/data"));
  }
  ASSERT_EQ(pids.size(), 3u);
  for (const int pid : pids) EXPECT_FALSE(process_start_time(pid)) << pid;
  EXPECT_TRUE(fs::exists(folder.path() / "brokers/n1/nats.conf"));
  EXPECT_TRUE(fs::exists(folder.path() / "brokers/n1/nats.log"));
  EXPECT_FALSE(fs::exists(folder.path() / "brokers/n1/data"));

  LocalOptions keeping;
  keeping.keep_data = true;
  { Deployed deployed(folder.path(), keeping); }
  EXPECT_TRUE(fs::exists(folder.path() / "brokers/n1/data"));
}

// A harness that is killed leaves the data; whoever heals after it removes them.
TEST(NatsCluster, SaysHowToRemoveTheDataBeforeThereIsAny) {
  const testing::TemporaryFolder folder;
  std::vector<Undo> undos;
  LocalOptions options;
  options.undo_first = [&](const Undo& undo) {
    undos.push_back(undo);
    EXPECT_FALSE(fs::exists(folder.path() / "brokers"));
  };
  const Deployed deployed(folder.path(), options);
  ASSERT_EQ(undos.size(), 1u);
  std::set<fs::path> removed, data;
  for (const auto& step : undos.front().steps) removed.insert(step.command.back());
  for (const auto& entry : fs::directory_iterator(folder.path() / "brokers"))
    data.insert(entry.path() / "data");
  EXPECT_EQ(removed, data);
}

TEST(NatsCluster, TwoAtOnceDoNotSeeEachOther) {
  const testing::TemporaryFolder one_folder, other_folder;
  Deployed one(one_folder.path()), other(other_folder.path());
  one.broker.create_stream(stream(), {});
  auto theirs = stream();
  theirs.durable_group = "theirs";
  other.broker.create_stream(theirs, {});
  publish(one.broker, one.cluster, 5);
  ASSERT_TRUE(eventually([&] { return one.broker.all_healthy() && other.broker.all_healthy(); }));
  for (const auto& state : one.broker.replica_states()) EXPECT_EQ(state.messages, 5u);
  for (const auto& state : other.broker.replica_states()) EXPECT_EQ(state.messages, 0u);
  for (const auto* server : {"n1", "n2", "n3"}) one.cluster.kill(server);
  EXPECT_TRUE(other.broker.all_healthy());
  EXPECT_TRUE(other.cluster.exits().empty());
}

// A port that is free when it is chosen and taken when the broker wants it.
TEST(NatsCluster, BeginsAgainWithOtherPortsWhereOneWasTaken) {
  boost::asio::io_context context;
  using boost::asio::ip::tcp;
  std::vector<tcp::acceptor> thieves;
  int calls = 0;
  LocalOptions options;
  options.reserve = [&](std::size_t count) {
    auto ports = reserve_ports(count);
    if (calls < 3)  // a client, a cluster and a monitoring port in turn
      thieves.emplace_back(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(),
                                                  ports[3 + calls].number()));
    ++calls;
    return ports;
  };
  const testing::TemporaryFolder folder;
  Deployed deployed(folder.path(), std::move(options));
  EXPECT_EQ(calls, 4);
  EXPECT_TRUE(deployed.broker.all_healthy());
  EXPECT_TRUE(deployed.cluster.exits().empty());
}

TEST(NatsCluster, GivesUpWhereEveryPortIsTaken) {
  boost::asio::io_context context;
  using boost::asio::ip::tcp;
  std::vector<tcp::acceptor> thieves;
  LocalOptions options;
  const testing::TemporaryFolder folder;
  options.folder = folder.path();
  options.reserve = [&](std::size_t count) {
    auto ports = reserve_ports(count);
    thieves.emplace_back(context,
                         tcp::endpoint(boost::asio::ip::address_v4::loopback(), ports[0].number()));
    return ports;
  };
  try {
    const LocalCluster cluster(nats_program(binary(), ""), options);
    FAIL() << "came up on a port that is taken";
  } catch (const ClusterError& error) {
    EXPECT_NE(std::string(error.what()).find("no ports for the brokers"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("address already in use"), std::string::npos)
        << error.what();
  }
}

TEST(NatsCluster, BrokerThatExitsAtStartShowsItsLog) {
  const testing::TemporaryFolder folder;
  LocalOptions options;
  options.folder = folder.path();
  try {
    const LocalCluster cluster(nats_program(binary(), "every now and then"), options);
    FAIL() << "came up with a configuration that is wrong";
  } catch (const ClusterError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("exited at start (exit status 1"), std::string::npos) << what;
    EXPECT_NE(what.find("every now and then"), std::string::npos) << what;
  }
}

TEST(NatsCluster, BinaryThatCannotBeRunIsAClusterError) {
  const testing::TemporaryFolder folder;
  LocalOptions options;
  options.folder = folder.path();
  auto program = nats_program(binary(), "");
  program.binary = folder.path() / "none";
  EXPECT_THROW(LocalCluster(program, options), ClusterError);
}

TEST(NatsCluster, FolderThatCannotBeWrittenIsAClusterError) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "in the way";
  LocalOptions options;
  options.folder = folder.path() / "file";
  EXPECT_THROW(LocalCluster(nats_program(binary(), ""), options), ClusterError);
}

TEST(NatsCluster, DiesWithAHarnessThatIsKilled) {
  namespace process = boost::process;
  const testing::TemporaryFolder folder;
  process::ipstream output;
  process::child harness(process::exe = FAULTLINE_DEPLOYING_PROGRAM,
                         process::args = std::vector<std::string>{folder.path().string()},
                         process::std_out > output);
  std::vector<int> pids;
  for (std::string line; std::getline(output, line) && line != "up";)
    pids.push_back(std::stoi(line));
  ASSERT_EQ(pids.size(), 3u);
  for (const int pid : pids) EXPECT_TRUE(process_start_time(pid)) << pid;
  ::kill(harness.id(), SIGKILL);
  harness.wait();
  EXPECT_TRUE(eventually([&] {
    return std::ranges::none_of(pids, [](int pid) { return process_start_time(pid).has_value(); });
  }));
}

}  // namespace
}  // namespace faultline
