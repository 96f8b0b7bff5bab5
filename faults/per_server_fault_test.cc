// What is so already before a fault strikes is none of its doing.
#include "faults/per_server_fault.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "faults/testing.h"
#include "harness/broker/nats/nats.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

// It stands still, or is gone, as it was told. Its systemd says that nothing is active.
class ToldWorker : public testing::IdleWorker {
 public:
  ToldWorker() : IdleWorker({"w1", {"sh", "-c", "echo inactive"}}) {}

  void stop() override { state_ = "exited (137)"; }
  void pause() override { state_ = "paused"; }
  std::string state() override { return state_; }

 private:
  std::string state_ = "running";
};

// Nobody answers for its servers, which are struck at once.
class ToldCluster : public testing::IdleCluster {
 public:
  ToldCluster()
      : IdleCluster({{"n1", "nats://127.0.0.1:1", "http://127.0.0.1:1"},
                     {"n2", "nats://127.0.0.1:1", "http://127.0.0.1:1"}}) {}

  bool running(const std::string& server) override {
    const std::scoped_lock lock(mutex_);
    return runs && !killed_.contains(server);
  }
  std::string process(const std::string&) override { return runs ? "pid 1" : ""; }
  void crash(const std::string&) override { ++struck; }
  void start(const std::string& server) override {
    const std::scoped_lock lock(mutex_);
    killed_.erase(server);
  }
  void kill(const std::string& server) override {
    ++struck;
    const std::scoped_lock lock(mutex_);
    killed_.insert(server);
  }
  void pause(const std::string&) override { ++struck; }
  void stop(const std::string&, std::chrono::seconds) override { ++struck; }
  DrainReport drain(const std::string&, std::chrono::milliseconds) override {
    ++struck;
    return {true, false, "gone"};
  }
  bool drained(const std::string&) override { return true; }
  Worker* worker_of(const std::string&) override { return &worker_; }

  bool runs = true;
  std::atomic<int> struck = 0;

 private:
  std::mutex mutex_;
  std::set<std::string> killed_;
  ToldWorker worker_;
};

class PerServerFaultTest : public ::testing::Test {
 protected:
  Evidence seen_of(const std::string& fault) {
    const auto one = make_fault(fault, {cluster_, broker_, journal_});
    one->inject(std::vector<std::string>{"n1"});
    return one->verify();
  }

  testing::TemporaryFolder folder_;
  ToldCluster cluster_;
  NatsBroker broker_{cluster_, NatsVersion{}};
  Journal journal_{folder_.path() / "state", "run"};
};

TEST_F(PerServerFaultTest, AWorkerThatIsStoppedAlreadyIsNoEvidence) {
  EXPECT_TRUE(seen_of("worker-stop").holds);
  const auto seen = seen_of("worker-stop");
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "n1: was already exited (137) before the strike");
}

TEST_F(PerServerFaultTest, AWorkerThatIsPausedAlreadyIsNoEvidence) {
  EXPECT_TRUE(seen_of("worker-pause").holds);
  const auto seen = seen_of("worker-pause");
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "n1: was already paused before the strike");
}

TEST_F(PerServerFaultTest, AKubeletThatIsStoppedAlreadyIsNoEvidence) {
  const auto seen = seen_of("kubelet-stop");
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "n1: was already without its kubelet before the strike");
}

TEST_F(PerServerFaultTest, ABrokerThatIsDownAlreadyIsNeitherStruckNorEvidence) {
  cluster_.runs = false;
  for (const auto* fault :
       {"broker-kill", "broker-stop", "broker-pause", "broker-crash", "worker-drain"}) {
    const auto seen = seen_of(fault);
    EXPECT_FALSE(seen.holds) << fault;
    EXPECT_EQ(seen.text, "n1: was already down before the strike") << fault;
  }
  EXPECT_EQ(cluster_.struck, 0);
}

TEST_F(PerServerFaultTest, WhereOneIsLiftedTheOtherIsLookedAtAlone) {
  const auto fault = make_fault("broker-kill", {cluster_, broker_, journal_});
  fault->inject(std::vector<std::string>{"n1", "n2"});
  EXPECT_TRUE(fault->verify().holds);
  EXPECT_TRUE(fault->lift("n1").holds);
  EXPECT_TRUE(cluster_.running("n1"));
  EXPECT_FALSE(fault->verify().holds);
  const std::vector<std::string> left{"n2"};
  const auto seen = fault->verify_on(left);
  EXPECT_TRUE(seen.holds) << seen.text;
  EXPECT_TRUE(seen.text.starts_with("n2: ")) << seen.text;
  cluster_.start("n2");  // by itself
  EXPECT_FALSE(fault->verify_on(left).holds);
}

}  // namespace
}  // namespace faultline
