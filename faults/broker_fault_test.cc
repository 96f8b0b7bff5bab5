// The faults against real brokers.
#include <gtest/gtest.h>

#include <algorithm>

#include "faults/fault.h"
#include "faults/target.h"
#include "harness/broker/nats/nats.h"
#include "harness/cluster/local.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

LocalOptions in(const std::filesystem::path& folder) {
  LocalOptions options;
  options.folder = folder;
  return options;
}

StreamSettings stream() {
  StreamSettings settings;
  settings.name = "log";
  settings.subject = "log.values";
  settings.durable_group = "durable";
  settings.lagging_group = "lagging";
  return settings;
}

class BrokerFault : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    broker_.wait_until_ready(120s, [](const std::string&) {});
    broker_.create_stream(stream());
  }

  std::unique_ptr<Fault> fault() { return make_fault(GetParam(), {cluster_, broker_, journal_}); }

  std::vector<std::string> resolve(std::string_view target) {
    return resolve_target(target, broker_.leaders().stream, broker_.replica_servers());
  }

  testing::TemporaryFolder folder_;
  Journal journal_{folder_.path() / "state", "run"};
  NatsBinary binary_ = find_nats_binary({}, [](const std::string&) {});
  LocalCluster cluster_{nats_program(binary_, ""), in(folder_.path())};
  NatsBroker broker_{cluster_, binary_.version};
};

INSTANTIATE_TEST_SUITE_P(Faults, BrokerFault, ::testing::Values("broker-kill", "broker-stop"),
                         [](const auto& info) { return info.param.substr(7); });

TEST_P(BrokerFault, LeaderGoesDownProvenAndComesBack) {
  const auto leader = resolve("leader");
  ASSERT_EQ(leader.size(), 1u);
  const auto process = cluster_.process(leader[0]);
  const auto one = fault();
  one->inject(leader);
  const auto down = one->verify();
  EXPECT_TRUE(down.holds) << down.text;
  EXPECT_NE(down.text.find(process + " gone by "), std::string::npos) << down.text;
  EXPECT_NE(down.text.find("onnection refused"), std::string::npos) << down.text;
  EXPECT_FALSE(cluster_.running(leader[0]));

  const auto up = one->heal(leader[0]);
  EXPECT_TRUE(up.holds) << up.text;
  EXPECT_TRUE(one->heal(leader[0]).holds) << "once more does no harm";
  EXPECT_FALSE(one->verify().holds);
  EXPECT_TRUE(eventually([&] { return broker_.all_healthy(); }));
  EXPECT_NE(broker_.leaders().stream, "");
  const auto states = broker_.replica_states();
  for (const auto& state : states) EXPECT_EQ(state.last_sequence, states[0].last_sequence);
}

TEST_P(BrokerFault, AllGoDownAndAreHealedOneByOne) {
  const auto one = fault();
  const auto all = resolve("all");
  ASSERT_EQ(all.size(), 3u);
  one->inject(all);
  const auto down = one->verify();
  EXPECT_TRUE(down.holds) << down.text;
  // One that is alone answers, though it has no quorum.
  for (const auto& server : all) {
    const auto up = one->heal(server);
    EXPECT_TRUE(up.holds) << up.text;
  }
  EXPECT_TRUE(eventually([&] { return broker_.all_healthy(); }));
}

TEST_P(BrokerFault, OneThatWasAlreadyDownIsNoEvidence) {
  cluster_.kill("n2");
  const auto one = fault();
  one->inject(std::vector<std::string>{"n1", "n2"});
  const auto evidence = one->verify();
  EXPECT_FALSE(evidence.holds);
  EXPECT_NE(evidence.text.find("n2 was already down before the strike"), std::string::npos)
      << evidence.text;
  EXPECT_FALSE(cluster_.running("n1"));
}

TEST_P(BrokerFault, NothingStruckIsNoEvidence) {
  const auto one = fault();
  one->inject({});
  EXPECT_FALSE(one->verify().holds);
}

TEST_P(BrokerFault, OneThatDoesNotStartAgainIsNotHealed) {
  const auto one = fault();
  one->inject(std::vector<std::string>{"n3"});
  ASSERT_TRUE(one->verify().holds);
  std::filesystem::remove(folder_.path() / "brokers/n3/nats.conf");
  const auto evidence = one->heal("n3");
  EXPECT_FALSE(evidence.holds);
  EXPECT_NE(evidence.text.find("n3 exited when it was started again: exit status 1"),
            std::string::npos)
      << evidence.text;
}

TEST_P(BrokerFault, IsListedByNameAndOthersAreRefused) {
  const auto names = fault_names();
  EXPECT_EQ(std::ranges::count(names, GetParam()), 1);
  EXPECT_THROW(make_fault("broker-tickle", {cluster_, broker_, journal_}), std::invalid_argument);
}

}  // namespace
}  // namespace faultline
