// Faults that end before the heal, strike again and overlap, on real brokers.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "harness/end_to_end.h"

namespace faultline::end_to_end {
namespace {

// A scenario with this timeline; the rest is left to the defaults.
Finished run(const Results& results, const std::string& timeline) {
  const auto file = results.path() / "timeline.yaml";
  std::ofstream(file) << "apiVersion: faultline/v1\n"
                         "kind: Scenario\n"
                         "metadata: {name: timeline, title: Of a test}\n"
                         "spec:\n"
                         "  timeline:\n"
                         "    steady: 5s\n"
                         "    recovery: 30s\n"
                      << timeline << "  expect: {loss: none}\n";
  return faultline({"run", file.string(), "--results", results.path().string()});
}

// "0 striking" and so on, in order of time; "heal" where the recovery begins.
std::vector<std::string> stages(const Results& results) {
  std::vector<std::string> seen;
  std::istringstream lines(faultline({"history", results.run("timeline").string()}).output);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("---  phase recovery") != std::string::npos) seen.emplace_back("heal");
    const auto at = line.find("---  fault ");
    if (at == std::string::npos) continue;
    std::istringstream words(line.substr(at + 11));
    std::string index, name, stage;
    words >> index >> name >> stage;
    seen.push_back(index + " " + stage.substr(0, stage.find(':')));
  }
  return seen;
}

using Stages = std::vector<std::string>;

TEST(Timeline, FaultsEndAndStrikeAgain) {
  const Results results;
  const auto finished =
      run(results,
          "    faults:\n"
          "      - {fault: broker-pause, target: server:1, for: 3s, times: 2, every: 12s}\n"
          "      - {fault: broker-kill, target: server:2, at: 7s, for: 1s}\n"
          "      - {fault: leader-churn, target: leader, at: 18s, interval: 1s}\n"
          "    hold: 22s\n");
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_EQ(results.run_json("timeline")["outcome"], "pass");
  EXPECT_EQ(stages(results),
            (Stages{"0 striking", "0 proven", "0 held", "0 healing", "0 healed",  // pause
                    "2 striking", "2 proven", "2 held", "2 healing", "2 healed",  // kill
                    "1 striking", "1 proven", "1 held", "1 healing", "1 healed",  // again
                    "3 striking", "3 proven", "3 held", "heal",      "3 healing", "3 healed"}));
  EXPECT_EQ(faultline({"check", results.run("timeline").string()}).exit_code, 0);
}

TEST(Timeline, OneThatEndsWhileAnotherHoldsItsServerIsHealedWithThatOne) {
  const Results results;
  const auto finished = run(results,
                            "    faults:\n"
                            "      - {fault: broker-pause, target: server:1, for: 8s}\n"
                            "      - {fault: broker-kill, target: server:1, at: 4s}\n"
                            "    hold: 12s\n");
  EXPECT_EQ(finished.exit_code, 2) << finished.output;  // what was killed is no longer paused
  EXPECT_EQ(stages(results),
            (Stages{"0 striking", "0 proven", "1 striking", "1 proven", "0 lapsed", "1 held",
                    "heal", "0 healing", "1 healing", "0 healed", "1 healed"}));
}

// Each waited for the other, and both for the heal.
TEST(Timeline, TwoThatEndOneAfterTheOtherOnOneServerAreHealedWithTheLast) {
  const Results results;
  const auto finished = run(results,
                            "    faults:\n"
                            "      - {fault: broker-pause, target: server:1, for: 6s}\n"
                            "      - {fault: broker-kill, target: server:1, at: 3s, for: 5s}\n"
                            "    hold: 14s\n");
  EXPECT_EQ(finished.exit_code, 2) << finished.output;  // what was killed is no longer paused
  EXPECT_EQ(stages(results),
            (Stages{"0 striking", "0 proven", "1 striking", "1 proven", "0 lapsed", "1 held",
                    "0 healing", "1 healing", "0 healed", "1 healed", "heal"}));
}

TEST(Timeline, WhoIsStillDownIsLookedAtBeforeEachStepOfTheHeal) {
  const Results results;
  const auto finished = run(results,
                            "    faults:\n"
                            "      - {fault: broker-kill, target: followers}\n"
                            "    hold: 8s\n"
                            "    heal: {order: one_by_one, interval: 1s}\n");
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_EQ(stages(results), (Stages{"0 striking", "0 proven", "0 held", "heal", "0 healing",
                                     "0 healed", "0 held", "0 healing", "0 healed"}));
}

TEST(Timeline, WithoutAnythingLeftAtTheHealItRecoversAndDrains) {
  const Results results;
  const auto finished = run(results,
                            "    faults:\n"
                            "      - {fault: broker-kill, target: follower:1, for: 2s}\n"
                            "    hold: 8s\n"
                            "    heal: {order: one_by_one, interval: 1s}\n");
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_EQ(stages(results),
            (Stages{"0 striking", "0 proven", "0 held", "0 healing", "0 healed", "heal"}));
}

}  // namespace
}  // namespace faultline::end_to_end
