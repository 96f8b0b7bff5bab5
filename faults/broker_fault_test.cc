// The faults against real brokers.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "faults/broker_stop.h"
#include "faults/fault.h"
#include "faults/leader_churn.h"
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
    broker_.create_stream(stream(), {});
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

class ControlRequestFault : public BrokerFault {
 protected:
  std::unique_ptr<Fault> asking(const std::string& subject) {
    return make_fault(GetParam(), {cluster_, broker_, journal_}, {.subject = subject});
  }
};
INSTANTIATE_TEST_SUITE_P(Faults, ControlRequestFault, ::testing::Values("control-request"));

class BrokerStopFault : public BrokerFault {};
INSTANTIATE_TEST_SUITE_P(Faults, BrokerStopFault, ::testing::Values("broker-stop"));

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
  EXPECT_NE(evidence.text.find("n2: was already down before the strike"), std::string::npos)
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

// The cluster, with a look at the journal whenever a broker is about to go down.
class Watched : public Cluster {
 public:
  Watched(Cluster& cluster, std::filesystem::path journal)
      : cluster_(cluster), journal_(std::move(journal)) {}

  const std::vector<Server>& servers() const override { return cluster_.servers(); }
  void start(const std::string& server) override { cluster_.start(server); }
  void kill(const std::string& server) override {
    look();
    cluster_.kill(server);
  }
  void stop(const std::string& server, std::chrono::seconds grace) override {
    look();
    cluster_.stop(server, grace);
  }
  void expect_exit(const std::string& server) override { cluster_.expect_exit(server); }
  bool running(const std::string& server) override { return cluster_.running(server); }
  std::vector<Exit> exits() override { return cluster_.exits(); }
  std::string log_tail(const std::string& server, std::size_t lines) override {
    return cluster_.log_tail(server, lines);
  }

  std::vector<std::string> seen;

 private:
  void look() {
    std::ostringstream text;
    text << std::ifstream(journal_).rdbuf();
    seen.push_back(text.str());
  }

  Cluster& cluster_;
  std::filesystem::path journal_;
};

TEST_P(BrokerFault, IsInTheJournalBeforeItStrikes) {
  Watched watched(cluster_, folder_.path() / "state/run.journal");
  const auto one = make_fault(GetParam(), {watched, broker_, journal_});
  one->inject(std::vector<std::string>{"n2"});
  ASSERT_EQ(watched.seen.size(), 1u);
  EXPECT_NE(watched.seen[0].find(GetParam()), std::string::npos) << watched.seen[0];
  EXPECT_NE(watched.seen[0].find("\"n2\""), std::string::npos) << watched.seen[0];
}

// It was proven by a SIGKILL that nobody had ordered.
TEST_P(BrokerStopFault, StopThatWasIgnoredIsNoEvidence) {
  const auto process = cluster_.process("n3");
  ASSERT_TRUE(process.starts_with("pid "));
  ::kill(std::stoi(process.substr(4)), SIGSTOP);
  BrokerStop stop({cluster_, broker_, journal_}, 1s);
  stop.inject(std::vector<std::string>{"n3"});
  const auto evidence = stop.verify();
  EXPECT_FALSE(evidence.holds);
  EXPECT_NE(evidence.text.find("n3: was asked to leave, did not, and had to be killed"),
            std::string::npos)
      << evidence.text;
  EXPECT_TRUE(stop.heal("n3").holds);
}

// Its end was taken for the harness's doing, since it had been asked to leave.
class LeavingFault : public BrokerFault {};
INSTANTIATE_TEST_SUITE_P(Faults, LeavingFault, ::testing::Values("broker-stop", "worker-drain"),
                         [](const auto& info) { return info.param.substr(7); });

TEST_P(LeavingFault, ABrokerThatCrashesInsteadOfLeavingExitedByItself) {
  const int pid = std::stoi(cluster_.process("n3").substr(4));
  ::kill(pid, SIGSTOP);
  const auto one = fault();
  auto leaving =
      std::async(std::launch::async, [&] { one->inject(std::vector<std::string>{"n3"}); });
  std::this_thread::sleep_for(1s);  // it has been asked
  ::kill(pid, SIGABRT);             // a Go program prints its trace, as it does when it panics
  ::kill(pid, SIGCONT);
  leaving.get();
  const auto evidence = one->verify();
  EXPECT_FALSE(evidence.holds);
  EXPECT_NE(evidence.text.find("exit status 2"), std::string::npos) << evidence.text;
  const auto exits = cluster_.exits();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_FALSE(exits[0].expected) << exits[0].detail;
  EXPECT_TRUE(one->heal("n3").holds);
}

TEST_P(LeavingFault, ABrokerThatLeavesWasEndedByTheHarness) {
  const auto one = fault();
  one->inject(std::vector<std::string>{"n3"});
  const auto evidence = one->verify();
  EXPECT_TRUE(evidence.holds) << evidence.text;
  const auto exits = cluster_.exits();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_TRUE(exits[0].expected) << exits[0].detail;
}

// It was taken for one that is back, and was gone seconds later.
TEST_F(BrokerFault, ABrokerThatIsStillLeavingAtTheHealIsStartedAgain) {
  const auto process = cluster_.process("n3");
  const auto one = make_fault("worker-drain", {cluster_, broker_, journal_}, {.within = 500ms});
  one->inject(std::vector<std::string>{"n3"});
  EXPECT_FALSE(one->verify().holds);
  ASSERT_EQ(cluster_.process("n3"), process) << "it takes seconds";
  const auto healed = one->heal("n3");
  EXPECT_TRUE(healed.holds) << healed.text;
  EXPECT_NE(cluster_.process("n3"), process);
}

class BrokerPauseFault : public BrokerFault {};
INSTANTIATE_TEST_SUITE_P(Faults, BrokerPauseFault, ::testing::Values("broker-pause"));

TEST_P(BrokerPauseFault, PausedBrokerStandsStillProvenAndGoesOn) {
  const auto leader = resolve("leader");
  ASSERT_EQ(leader.size(), 1u);
  const auto process = cluster_.process(leader[0]);
  const auto one = fault();
  one->inject(leader);
  const auto still = one->verify();
  EXPECT_TRUE(still.holds) << still.text;
  EXPECT_NE(still.text.find(process + " is stopped"), std::string::npos) << still.text;
  EXPECT_TRUE(one->verify().holds) << "and goes on to be";
  EXPECT_TRUE(eventually([&] {
    const auto now = broker_.leaders().stream;
    return !now.empty() && now != leader[0];
  }));

  const auto again = one->heal(leader[0]);
  EXPECT_TRUE(again.holds) << again.text;
  EXPECT_EQ(cluster_.process(leader[0]), process) << "the same process";
  EXPECT_FALSE(one->verify().holds);
  EXPECT_TRUE(eventually([&] { return broker_.all_healthy(); }));
  EXPECT_TRUE(cluster_.exits().empty()) << "nobody ended";
}

TEST_P(BrokerPauseFault, APauseOfOneThatStandsStillOrIsDownIsNoEvidence) {
  const auto first = fault(), second = fault();
  first->inject(std::vector<std::string>{"n1"});
  second->inject(std::vector<std::string>{"n1"});
  EXPECT_TRUE(first->verify().holds);
  EXPECT_FALSE(second->verify().holds);
  EXPECT_TRUE(first->heal("n1").holds);
  cluster_.kill("n2");
  const auto of_nobody = fault();
  of_nobody->inject(std::vector<std::string>{"n2"});
  EXPECT_FALSE(of_nobody->verify().holds);
  EXPECT_TRUE(of_nobody->lift("n2").holds) << "there is nothing to undo";
  EXPECT_FALSE(cluster_.running("n2"));
}

TEST_P(BrokerPauseFault, APausedBrokerCanBeKilledAndStarted) {
  const auto pause = fault();
  pause->inject(std::vector<std::string>{"n3"});
  cluster_.kill("n3");
  EXPECT_FALSE(pause->verify().holds);
  cluster_.start("n3");
  EXPECT_TRUE(pause->heal("n3").holds);
}

class LeaderChurnFault : public BrokerFault {};
INSTANTIATE_TEST_SUITE_P(Faults, LeaderChurnFault, ::testing::Values("leader-churn"));

TEST_P(LeaderChurnFault, LeadersStepDownAgainAndAgainUntilItIsHealed) {
  const auto leader = resolve("leader");
  ASSERT_EQ(leader.size(), 1u);
  const auto one = make_fault("leader-churn", {cluster_, broker_, journal_}, {.interval = 1000ms});
  one->inject(leader);
  for (int look = 0; look < 2; ++look) {
    const auto evidence = one->verify();
    EXPECT_TRUE(evidence.holds) << evidence.text;
  }
  EXPECT_TRUE(one->heal(leader[0]).holds);
  std::this_thread::sleep_for(1s);  // what the last one brought about
  EXPECT_TRUE(eventually([&] { return broker_.all_healthy(); }));
  const auto last = broker_.leaders().stream;
  std::this_thread::sleep_for(3s);
  EXPECT_EQ(broker_.leaders().stream, last) << "nobody is asked any more";
}

TEST_P(LeaderChurnFault, WithoutAnybodyToTakeOverItIsNoEvidence) {
  cluster_.kill("n1");
  cluster_.kill("n2");
  LeaderChurn churn({cluster_, broker_, journal_}, {.interval = 200ms}, 2s);
  churn.inject(std::vector<std::string>{"n3"});
  EXPECT_FALSE(churn.verify().holds);
}

TEST_P(ControlRequestFault, TheReplyIsTheEvidence) {
  const auto one = asking("$JS.API.STREAM.NAMES");
  one->inject(resolve("all"));
  const auto replied = one->verify();
  EXPECT_TRUE(replied.holds) << replied.text;
  EXPECT_NE(replied.text.find(R"("streams":["log"])"), std::string::npos) << replied.text;
  EXPECT_TRUE(one->heal("n1").holds);
}

TEST_P(ControlRequestFault, WhereItMustSucceedAReplyThatSaysAnErrorIsNoEvidence) {
  for (const bool succeeds : {false, true}) {
    const auto one =
        make_fault(GetParam(), {cluster_, broker_, journal_},
                   {.subject = "$JS.API.CONSUMER.DELETE.log.nobody", .succeeds = succeeds});
    one->inject(resolve("all"));
    EXPECT_EQ(one->verify().holds, !succeeds) << one->verify().text;
  }
  const auto info = make_fault(GetParam(), {cluster_, broker_, journal_},
                               {.subject = "$JS.API.INFO", .succeeds = true});
  info->inject(resolve("all"));
  EXPECT_TRUE(info->verify().holds) << info->verify().text;
}

TEST_P(ControlRequestFault, ThatNobodyTakesIsNoEvidence) {
  const auto one = asking("nobody.listens");
  one->inject(resolve("all"));
  const auto replied = one->verify();
  EXPECT_FALSE(replied.holds) << replied.text;
  EXPECT_NE(replied.text.find("no reply to nobody.listens"), std::string::npos) << replied.text;
}

TEST_P(BrokerFault, IsListedByNameAndOthersAreRefused) {
  const auto names = fault_names();
  EXPECT_EQ(std::ranges::count(names, GetParam()), 1);
  EXPECT_THROW(make_fault("broker-tickle", {cluster_, broker_, journal_}), std::invalid_argument);
}

}  // namespace
}  // namespace faultline
