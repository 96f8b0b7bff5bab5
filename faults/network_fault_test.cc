// The faults of packets, with real packets.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "faults/clients_cut.h"
#include "faults/network_testing.h"
#include "faults/packet_delay.h"
#include "faults/packet_loss.h"
#include "faults/partition.h"
#include "faults/rate_limit.h"
#include "faults/server_address.h"
#include "harness/cluster/capabilities.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/traffic_control.h"

// Those that the tests kill are forked from a process with threads, and start some.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

namespace faultline {
namespace {

using namespace std::chrono_literals;
using testing::client_port;
using testing::cluster_port;
using testing::eventually;
using testing::monitor_port;
using testing::NetworkTest;
using Servers = std::vector<std::string>;

// Lets a test do by itself what inject, verify and heal do with a broker that answers.
template <class Fault>
class Open : public Fault {
 public:
  using Fault::Fault;
  using Fault::look;
  using Fault::strike;
  using Fault::undo;
};

std::set<Link> all_but(const std::set<Link>& cut, const Servers& servers) {
  std::set<Link> links;
  for (const auto& from : servers)
    for (const auto& to : servers)
      if (from != to && !cut.contains({from, to})) links.emplace(from, to);
  return links;
}

class PartitionNetworkTest : public NetworkTest {
 protected:
  void expect(PartitionShape shape, const Servers& targets, int size) {
    make(size);
    Servers servers;
    for (const auto& server : cluster->servers()) servers.push_back(server.name);
    const auto cut = cut_links(shape, targets, servers);
    Open<Partition> fault(context(), {.shape = shape});
    const auto hit = fault.aim(targets);
    const auto rules = rules_in(hit.front());
    EXPECT_EQ(heard(), all_but({}, servers));
    for (const auto& server : hit) fault.strike(server);
    EXPECT_EQ(heard(), all_but(cut, servers));
    for (const auto& server : hit) {
      const auto seen = fault.look(server);
      EXPECT_TRUE(seen.holds) << seen.text;
      EXPECT_TRUE(greeted(server, client_port)) << "clients reach it";
    }
    for (int time = 0; time < 2; ++time)
      for (const auto& server : hit) fault.undo(server);
    EXPECT_EQ(heard(), all_but({}, servers));
    EXPECT_EQ(rules_in(hit.front()), rules);
  }
};

TEST_F(PartitionNetworkTest, Isolated) { expect(PartitionShape::isolated, {"n2"}, 3); }
TEST_F(PartitionNetworkTest, Halves) { expect(PartitionShape::halves, {"n3"}, 4); }
TEST_F(PartitionNetworkTest, Bridge) { expect(PartitionShape::bridge, {"n2"}, 3); }
TEST_F(PartitionNetworkTest, OneWay) { expect(PartitionShape::one_way, {"n1"}, 3); }
TEST_F(PartitionNetworkTest, Ring) {
  expect(PartitionShape::ring, {"n1", "n2", "n3", "n4", "n5"}, 5);
}

class NetworkFaultTest : public NetworkTest {
 protected:
  // What the harness did not make is there before, meanwhile and afterwards.
  template <class Fault>
  void expect_own_rules_only(Open<Fault>& fault) {
    worker("n1").here({"iptables", "-t", "raw", "-N", "FOREIGN"});
    worker("n1").here({"iptables", "-t", "raw", "-A", "OUTPUT", "-d", "192.0.2.1", "-j", "DROP"});
    const auto before = rules_in("n1");
    fault.strike("n1");
    EXPECT_NE(rules_in("n1"), before);
    fault.undo("n1");
    EXPECT_EQ(rules_in("n1"), before);
    fault.undo("n1");
    EXPECT_EQ(rules_in("n1"), before);
  }

  // Who struck is killed; what it left is undone from its journal alone.
  template <class Fault, class... Options>
  void expect_healed_after_a_kill(const Options&... options) {
    const auto before = rules_in("n1");
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) strike_and_wait<Fault>(pipe_ends[1], options...);
    ::close(pipe_ends[1]);
    char struck = 0;
    EXPECT_EQ(::read(pipe_ends[0], &struck, 1), 1);
    ::close(pipe_ends[0]);
    EXPECT_NE(rules_in("n1"), before);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while_it_is_broken();
    EXPECT_TRUE(heal_leftovers(folder.path() / "state").clean());
    EXPECT_EQ(rules_in("n1"), before);
    const auto again = heal_leftovers(folder.path() / "state");
    EXPECT_TRUE(again.clean() && again.undone.empty());
  }

  template <class Fault, class... Options>
  [[noreturn]] void strike_and_wait(int struck, const Options&... options) try {
    Journal kept(folder.path() / "state", "killed");
    worker("n1").undo_first_ = [&](const Undo& undo) { kept.undo_first(undo); };
    Open<Fault> fault({*cluster, *broker, kept}, options...);
    fault.strike("n1");
    if (::write(struck, "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  } catch (...) {
    ::_exit(1);
  }

  std::chrono::microseconds round_trip(std::uint16_t port) {
    return time_to_connect({worker("n1").address(), std::to_string(port)}, 5s).value_or(5s);
  }

  std::function<void()> while_it_is_broken = [] {};
};

TEST_F(NetworkFaultTest, ClientsCut_OnlyClients) {
  make(2);
  Open<ClientsCut> fault(context());
  EXPECT_TRUE(greeted("n1", client_port));
  fault.strike("n1");
  for (int looks = 0; looks < 2; ++looks) {
    const auto seen = fault.look("n1");
    EXPECT_TRUE(seen.holds) << seen.text;
  }
  EXPECT_FALSE(greeted("n1", client_port));
  EXPECT_TRUE(greeted("n1", monitor_port));
  EXPECT_TRUE(greeted("n1", cluster_port, "n2"));
  EXPECT_TRUE(greeted("n2", cluster_port, "n1"));
  EXPECT_TRUE(greeted("n2", client_port));
  fault.undo("n1");
  EXPECT_TRUE(greeted("n1", client_port));
  expect_own_rules_only(fault);
}

TEST_F(NetworkFaultTest, ClientsCut_OfOneThatWasSilentAlreadyIsNoEvidence) {
  make(1);
  greeters.clear();
  ClientsCut fault(context());
  fault.inject(Servers{"n1"});
  const auto seen = fault.verify();
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "n1: was already silent to clients before the strike");
}

TEST_F(NetworkFaultTest, ClientsCut_HealedAfterAKill) {
  make(1);
  expect_healed_after_a_kill<ClientsCut>();
}

TEST_F(NetworkFaultTest, PacketLoss_OfBrokersAndClients) {
  make(2);
  Open<PacketLoss> fault(context(), {.percent = 50});
  EXPECT_EQ(arriving("n2", "n1", 200), 200);
  fault.strike("n1");
  for (const auto& [from, to] : {Link{"n2", "n1"}, Link{"n1", "n2"}, Link{"", "n1"}}) {
    const auto arrived = arriving(from, to, 400);  // 200, give or take 10
    EXPECT_GT(arrived, 100) << from << " to " << to;
    EXPECT_LT(arrived, 300) << from << " to " << to;
  }
  const auto seen = fault.look("n1");
  EXPECT_TRUE(seen.holds) << seen.text;
  int sent_again = 0;
  for (int i = 0; i < 20; ++i) sent_again += round_trip(monitor_port) >= 1s ? 1 : 0;
  EXPECT_LT(sent_again, 10) << "of packets that are lost it would be 15";
  fault.undo("n1");
  EXPECT_EQ(arriving("n2", "n1", 200), 200);
  expect_own_rules_only(fault);
}

TEST_F(NetworkFaultTest, PacketLoss_HealedAfterAKill) {
  make(1);
  expect_healed_after_a_kill<PacketLoss>(FaultOptions{});
}

constexpr int many_bytes = 200'000;  // at 800 kbit/s two seconds

TEST_F(NetworkFaultTest, RateLimit_OfAllButMonitoring) {
  make(1);
  Open<RateLimit> fault(context(), {.rate = "800kbit"});
  fault.strike("n1");
  auto sending =
      std::async(std::launch::async, [&] { return time_to_send("n1", client_port, many_bytes); });
  const auto seen = fault.look("n1");
  EXPECT_TRUE(seen.holds) << seen.text;
  EXPECT_GT(sending.get(), 1500ms);
  EXPECT_TRUE(eventually([&] { return time_to_send("n1", monitor_port, many_bytes) < 1500ms; }));
  fault.undo("n1");
  EXPECT_TRUE(eventually([&] { return time_to_send("n1", client_port, many_bytes) < 1500ms; }));
  expect_own_rules_only(fault);
}

TEST_F(NetworkFaultTest, RateLimit_WithoutEffectIsNotProven) {
  make(1);
  Open<RateLimit> fault(context(), {.rate = "800kbit"});
  fault.strike("n1");
  std::jthread monitoring([&](const std::stop_token& over) {
    while (!over.stop_requested()) time_to_send("n1", monitor_port, many_bytes);
  });
  const auto seen = fault.look("n1");
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "no packet of worker n1 was seen to wait for 800kbit in 10 s");
}

// Each packet was taken for one too many, since it was larger than HTB's burst.
TEST_F(NetworkFaultTest, RateLimit_ThatIsNotReachedIsNotProven) {
  make(1);
  Open<RateLimit> fault(context(), {.rate = "1000mbit"});
  fault.strike("n1");
  std::jthread client([&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      time_to_send("n1", client_port, 20'000);
      std::this_thread::sleep_for(100ms);
    }
  });
  EXPECT_FALSE(fault.look("n1").holds);
}

TEST_F(NetworkFaultTest, RateLimit_ThatSomebodyRemovedIsSaidToBeGone) {
  make(1);
  Open<RateLimit> fault(context(), {.rate = "800kbit"});
  fault.strike("n1");
  worker("n1").here({"tc", "qdisc", "del", "dev", "eth0", "root"});
  const auto seen = fault.look("n1");
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "worker n1 has no rate limit");
}

TEST_F(NetworkFaultTest, RateLimit_TakesNobodysPlace) {
  make(1);
  worker("n1").here(
      {"tc", "qdisc", "add", "dev", "eth0", "root", "handle", "77:", "htb", "default", "1"});
  const auto before = rules_in("n1");
  Open<RateLimit> fault(context(), {.rate = "800kbit"});
  EXPECT_THROW(fault.strike("n1"), ClusterError);
  fault.undo("n1");
  EXPECT_EQ(rules_in("n1"), before);
}

TEST_F(NetworkFaultTest, RateLimit_HealedAfterAKill) {
  make(1);
  expect_healed_after_a_kill<RateLimit>(FaultOptions{});
}

bool delays_packets() { return netem_qdisc().works || packet_queue().works; }

TEST_F(NetworkFaultTest, PacketDelay_OfARoundTrip) {
  FAULTLINE_NEEDS("root", delays_packets());
  make(2);
  Open<PacketDelay> fault(context(), {.delay = 200ms, .jitter = 50ms});
  fault.strike("n1");
  for (int looks = 0; looks < 2; ++looks) {
    const auto seen = fault.look("n1");
    EXPECT_TRUE(seen.holds) << seen.text;
  }
  EXPECT_GE(round_trip(client_port), 150ms);
  EXPECT_EQ(arriving("n2", "n1", 1, 5s), 1) << "held, not lost";
  EXPECT_TRUE(eventually([&] { return round_trip(monitor_port) < 150ms; }));
  fault.undo("n1");
  EXPECT_TRUE(eventually([&] { return round_trip(client_port) < 150ms; }));
  expect_own_rules_only(fault);
}

// Whatever the kernel has: another discipline is in netem's place, the rest is as it is.
TEST_F(NetworkFaultTest, PacketDelay_ByNetemSparesMonitoring) {
  make(1);
  const auto before = rules_in("n1");
  auto command = delay_by_netem(200ms, 50ms, std::to_string(monitor_port));
  auto& script = command.back();
  const std::string netem = "netem limit 20000 delay 200ms 50ms";
  script.replace(script.find(netem), netem.size(), "tbf rate 800kbit burst 70kb latency 5s");
  worker("n1").here(command);
  EXPECT_GT(time_to_send("n1", client_port, many_bytes), 1000ms);
  EXPECT_TRUE(eventually([&] { return time_to_send("n1", monitor_port, many_bytes) < 1000ms; }));
  for (int time = 0; time < 2; ++time) run_undo(undo_netem(worker("n1").inside()));
  EXPECT_EQ(rules_in("n1"), before);
}

TEST_F(NetworkFaultTest, PacketDelay_IsNotProvenByASlowServer) {
  FAULTLINE_NEEDS("root", delays_packets());
  make(1);
  Open<PacketDelay> slow(context(), {.delay = 300ms, .jitter = 0ms});
  slow.strike("n1");
  Open<PacketDelay> fault(context(), {.delay = 100ms, .jitter = 0ms});
  EXPECT_THROW(fault.strike("n1"), ClusterError) << "its queue is taken";
  const auto seen = fault.look("n1");
  EXPECT_FALSE(seen.holds) << seen.text;
}

TEST_F(NetworkFaultTest, PacketDelay_IsNotProvenWithoutATimeBefore) {
  FAULTLINE_NEEDS("root", delays_packets());
  make(1);
  greeters.clear();
  Open<PacketDelay> fault(context(), {.delay = 200ms, .jitter = 50ms});
  fault.strike("n1");
  const testing::Greeter late("n1", client_port);
  const auto seen = fault.look("n1");
  EXPECT_FALSE(seen.holds);
  EXPECT_NE(seen.text.find("no connection before"), std::string::npos) << seen.text;
  fault.undo("n1");
}

TEST_F(NetworkFaultTest, PacketDelay_HealedAfterAKill) {
  FAULTLINE_NEEDS("root", delays_packets());
  make(1);
  while_it_is_broken = [&] {
    EXPECT_TRUE(netem_qdisc().works || eventually([&] { return round_trip(client_port) < 100ms; }))
        << "nobody holds packets any more";
  };
  expect_healed_after_a_kill<PacketDelay>(FaultOptions{.delay = 200ms, .jitter = 0ms});
}

}  // namespace
}  // namespace faultline
