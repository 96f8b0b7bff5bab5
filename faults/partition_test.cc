#include "faults/partition.h"

#include <gtest/gtest.h>

#include <fstream>

#include "faults/testing.h"
#include "harness/broker/nats/nats.h"
#include "harness/cluster/cluster.h"
#include "harness/cluster/testing.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

using Strings = std::vector<std::string>;

// A machine that writes down in which of them it was asked what.
class FakeWorker : public testing::IdleWorker {
 public:
  FakeWorker(std::string name, std::string address, const std::filesystem::path& script)
      : IdleWorker({name, {"sh", script.string(), name}}, {std::move(address)}) {}
};

// Its servers can be moved from one machine to another.
class FakeCluster : public testing::IdleCluster {
 public:
  FakeCluster() : IdleCluster({{"n1", "", ""}, {"n2", "", ""}}) {}

  Worker* worker_of(const std::string& server) override {
    if (!at[server]) throw ClusterError("the pod of " + server + " is on no node");
    return at[server];
  }

  std::map<std::string, Worker*> at;
};

class OpenPartition : public Partition {
 public:
  using Partition::look;
  using Partition::Partition;
  using Partition::undo;
};

class PartitionTest : public ::testing::Test {
 protected:
  PartitionTest() {
    std::ofstream(script_) << "echo $1 >> " << path("log") << R"(
case "$2" in
  iptables) printf 'Chain\n pkts\n %s 0 DROP\n' $(cat )"
                           << path("count") << R"() ;;
  *) case "$4" in *'rules='*) test ! -e )"
                           << path("chain") << " ;; *-X*) rm -f " << path("chain")
                           << " ;; esac ;;\nesac\n";
    cluster_.at = {{"n1", &here_}, {"n2", &there_}};
    dropped(5);
    std::ofstream(path("chain")) << "";
    partition_.inject(partition_.aim(Strings{"n1"}));
  }

  std::string path(const char* name) const { return (folder_.path() / name).string(); }
  void dropped(int packets) { std::ofstream(path("count")) << packets; }

  testing::TemporaryFolder folder_;
  const std::string script_ = path("script");
  FakeWorker here_{"w1", "10.0.0.1", script_}, there_{"w2", "10.0.0.2", script_};
  FakeWorker elsewhere_{"w3", "10.0.0.3", script_};
  FakeCluster cluster_;
  NatsBroker broker_{cluster_, NatsVersion{}};
  Journal journal_{folder_.path() / "state", "run"};
  OpenPartition partition_{{cluster_, broker_, journal_}, {}};
};

TEST_F(PartitionTest, MoreMustBeDroppedThanAtTheLastLook) {
  const auto first = partition_.look("n1");
  EXPECT_TRUE(first.holds) << first.text;
  const auto second = partition_.look("n1");
  EXPECT_FALSE(second.holds);
  EXPECT_EQ(second.text, "worker w1 dropped no packets in 10 s");
  dropped(9);
  const auto third = partition_.look("n1");
  EXPECT_TRUE(third.holds);
  EXPECT_NE(third.text.find("9 packets"), std::string::npos) << third.text;
  EXPECT_NE(third.text.find("4 of them since"), std::string::npos) << third.text;
}

TEST_F(PartitionTest, HasLapsedWhenAnAddressIsAnother) {
  cluster_.at["n2"] = &elsewhere_;
  const auto seen = partition_.look("n1");
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "worker w1: its rules have lapsed: n2 has another address since");
  cluster_.at["n2"] = nullptr;
  EXPECT_TRUE(partition_.look("n1").holds) << "one without an address sends nothing";
  cluster_.at["n1"] = nullptr;
  dropped(9);
  EXPECT_FALSE(partition_.look("n1").holds);
}

TEST_F(PartitionTest, IsHealedWhereItWasMade) {
  cluster_.at["n1"] = nullptr;
  partition_.undo("n1");
  EXPECT_FALSE(std::filesystem::exists(path("chain")));
  std::ifstream log(path("log"));
  for (std::string name; std::getline(log, name);) EXPECT_EQ(name, "w1");
}

}  // namespace
}  // namespace faultline
