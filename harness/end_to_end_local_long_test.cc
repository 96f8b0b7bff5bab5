// What takes longer on this machine: all figures with one command, a harness that is killed
// at any moment, runs that must not raise a false alarm, and issues found again.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>
#include <thread>

#include "harness/cluster/requirement_testing.h"
#include "harness/end_to_end_local.h"

namespace faultline::end_to_end {
namespace {

std::vector<std::string> run(const Results& results, const std::string& file,
                             std::vector<std::string> more = {}) {
  std::vector<std::string> words{"run",       scenario(file).string(), "--provider", "local",
                                 "--results", results.path().string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class LocalLong : public ::testing::Test {
 protected:
  void SetUp() override { FAULTLINE_NEEDS("root", ::geteuid() == 0); }
};

TEST_F(LocalLong, AllEighteenFigures) {
  const Results results;
  const Leftovers left(results);
  const Finished finished = faultline(run(results, ""));
  std::cout << finished.output;
  EXPECT_EQ(finished.exit_code, 0);
  const Finished again = faultline({"check", (results.path() / "latest").string()});
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_EQ(left.after_some_time(), "");
}

// A hundred, ten at a time, so that a long run can be resumed.
class KilledAtAnyMoment : public LocalLong, public ::testing::WithParamInterface<int> {};

TEST_P(KilledAtAnyMoment, HealLeavesNothing) {
  const std::vector<std::string> files{"brokers/6-all-down.yaml",
                                       "workers/6-all-down.yaml",
                                       "drains/2-leader.yaml",
                                       "volumes/6-all-gone.yaml",
                                       "power-loss/3-all.yaml",
                                       "beyond-page/worker-pause.yaml",
                                       "beyond-page/disk-full.yaml",
                                       "beyond-page/disk-frozen.yaml",
                                       "beyond-page/volume-wipe.yaml",
                                       "beyond-page/bit-flip.yaml",
                                       "beyond-page/truncate.yaml",
                                       "beyond-page/partition-leader.yaml",
                                       "beyond-page/partition-bridge.yaml",
                                       "beyond-page/clients-cut.yaml",
                                       "beyond-page/packet-loss.yaml",
                                       "beyond-page/packet-delay.yaml",
                                       "beyond-page/rate-limit.yaml",
                                       "beyond-page/broker-pause.yaml",
                                       "beyond-page/leader-churn.yaml",
                                       "beyond-page/overlapping.yaml"};
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << std::endl;
  std::mt19937 random(seed);
  for (int i = 0; i < 10; ++i) {
    const auto& file = files[static_cast<std::size_t>(10 * GetParam() + i) % files.size()];
    const std::chrono::milliseconds moment(std::uniform_int_distribution(0, 45'000)(random));
    const Results results;
    const Leftovers left(results);
    Program program(run(results, file));
    std::this_thread::sleep_for(moment);
    program.signal(SIGKILL);
    program.wait();
    const auto before = left.now();
    const Finished healed = faultline({"heal"});
    std::cout << file << " killed after " << moment.count() << " ms, "
              << std::ranges::count(before, '\n') << " traces" << std::endl;
    EXPECT_EQ(healed.exit_code, 0) << healed.output;
    EXPECT_EQ(left.after_some_time(), "") << file;
    EXPECT_EQ(faultline({"heal"}).output, "clean\n");
  }
}

INSTANTIATE_TEST_SUITE_P(Tens, KilledAtAnyMoment, ::testing::Range(0, 10));

// Four times five of each.
class NoFalseAlarm : public LocalLong, public ::testing::WithParamInterface<int> {
 protected:
  void expect_five_passes(const std::string& file) {
    for (int i = 0; i < 5; ++i) {
      const Results results;
      const Finished finished = faultline(run(results, file));
      EXPECT_EQ(finished.exit_code, 0) << finished.output;
    }
  }
};

TEST_P(NoFalseAlarm, WithoutAFault) { expect_five_passes("controls/1-no-fault.yaml"); }

TEST_P(NoFalseAlarm, WithASingleKill) { expect_five_passes("controls/2-single-kill.yaml"); }

INSTANTIATE_TEST_SUITE_P(Fives, NoFalseAlarm, ::testing::Range(0, 4));

// Whether one of so many tries, each with a seed of its own, ends in a violation.
bool found_within(int tries, const std::string& file) {
  for (int seed = 1; seed <= tries; ++seed) {
    const Results results;
    const Finished finished = faultline(run(results, file, {"--seed", std::to_string(seed)}));
    std::cout << file << " with seed " << seed << ": exit code " << finished.exit_code << std::endl;
    if (finished.exit_code == 1) {
      std::cout << finished.output;
      return true;
    }
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
  }
  return false;
}

TEST_F(LocalLong, Nats7549IsFoundAgain) {
  EXPECT_TRUE(found_within(10, "known-issues/nats-7549.yaml"));
}

TEST_F(LocalLong, Nats7567IsFoundAgain) {
  EXPECT_TRUE(found_within(10, "known-issues/nats-7567.yaml"));
}

TEST_F(LocalLong, Nats7564IsFoundAgain) {
  const Results results;
  const Finished finished = faultline(run(results, "known-issues/nats-7564.yaml"));
  EXPECT_EQ(finished.exit_code, 1) << finished.output;
  EXPECT_NE(finished.output.find("known: nats-server#7564"), std::string::npos) << finished.output;
  const auto lost = check(results.run_json("nats-7564"), "lost");
  EXPECT_EQ(lost["verdict"], "fail");
  EXPECT_GT(lost["counts"]["lost"], 100);
}

TEST_F(LocalLong, PowerLossOfAllLosesAYoungStream) {
  const Results results;
  const Finished finished = faultline(run(results, "power-loss/3-all.yaml"));
  EXPECT_EQ(finished.exit_code, 1) << finished.output;
  EXPECT_EQ(check(results.run_json("power-loss-all"), "lost")["verdict"], "fail");
}

TEST_F(LocalLong, Nats7564IsNotThereWithEveryWriteSynced) {
  const Results results;
  const Finished finished = faultline(run(results, "power-loss/4-all-synced.yaml"));
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
}

}  // namespace
}  // namespace faultline::end_to_end
