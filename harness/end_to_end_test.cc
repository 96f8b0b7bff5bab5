// The real program, real brokers, real faults: one scenario of each outcome.
#include "harness/end_to_end.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace faultline::end_to_end {
namespace {

Finished run(const Results& results, const std::string& file, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"run", scenario(file).string(), "--results",
                                     results.path().string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return faultline(arguments);
}

void expect_check_agrees(const Results& results, const std::string& name, int exit_code) {
  const Finished again = faultline({"check", results.run(name).string()});
  EXPECT_EQ(again.exit_code, exit_code) << again.output;
  EXPECT_EQ(again.output.find("disagree"), std::string::npos) << again.output;
}

// Counted from the printed lines, not by the checkers: publishes invoked before
// the line with `until`, or all.
std::uint64_t acknowledged_publishes(const Results& results, const std::string& name,
                                     const std::string& until = "no such line") {
  std::istringstream lines(faultline({"history", results.run(name).string()}).output);
  std::uint64_t count = 0;
  for (std::string line; std::getline(lines, line) && line.find(until) == std::string::npos;)
    count +=
        line.find("  publish ") != std::string::npos && line.find(": ok ") != std::string::npos;
  return count;
}

TEST(EndToEnd, LeaderDownIsSurvived) {
  const Results results;
  const Finished finished = run(results, "brokers/3-leader-down.yaml");
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  const auto json = results.run_json("broker-leader");
  EXPECT_EQ(json["outcome"], "pass");
  EXPECT_EQ(check(json, "lost")["counts"]["lost"], 0);
  EXPECT_EQ(check(json, "lost")["counts"]["acknowledged"],
            acknowledged_publishes(results, "broker-leader"));
  expect_check_agrees(results, "broker-leader", 0);
}

TEST(EndToEnd, StreamInMemoryIsLostWithAllBrokers) {
  const Results results;
  const Finished finished = run(results, "built-to-fail/memory-storage.yaml");
  EXPECT_EQ(finished.exit_code, 1) << finished.output;
  const auto json = results.run_json("memory-storage");
  const auto lost = check(json, "lost");
  EXPECT_EQ(lost["verdict"], "fail");
  EXPECT_GT(lost["counts"]["lost"], 100);
  // The stream lives on, empty: only what was acknowledged before is gone.
  EXPECT_EQ(lost["counts"]["lost"], acknowledged_publishes(results, "memory-storage", "healing"));
  EXPECT_FALSE(lost["samples"].empty());
  expect_check_agrees(results, "memory-storage", 1);
}

TEST(EndToEnd, FaultWithoutEffectIsUnknown) {
  const Results results;
  const Finished finished = run(results, "built-to-fail/fault-without-effect.yaml");
  EXPECT_EQ(finished.exit_code, 2) << finished.output;
  EXPECT_NE(finished.output.find("already down"), std::string::npos) << finished.output;
  expect_check_agrees(results, "fault-without-effect", 2);
}

TEST(EndToEnd, BrokerThatCrashesByItselfIsAFinding) {
  const Results results;
  Program program({"run", scenario("brokers/1-follower-1-down.yaml").string(), "--results",
                   results.path().string()});
  ASSERT_TRUE(program.wait_for_output("steady")) << program.output();
  const auto brokers = processes_of(results.path());
  const auto broker = std::ranges::find_if(brokers, [&](int pid) { return pid != program.pid(); });
  ASSERT_NE(broker, brokers.end());
  ::kill(*broker, SIGKILL);
  const Finished finished = program.wait();
  EXPECT_EQ(finished.exit_code, 1) << finished.output;
  EXPECT_EQ(check(results.run_json("broker-follower-1"), "crash")["verdict"], "fail");
}

}  // namespace
}  // namespace faultline::end_to_end
