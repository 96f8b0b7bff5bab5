// A real run, watched by another process from its beginning to its verdict, or to its death.
#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>
#include <thread>

#include "harness/end_to_end.h"

namespace faultline::end_to_end {
namespace {

namespace fs = std::filesystem;

Program start_run(const Results& results) {
  return Program({"run", scenario("brokers/3-leader-down.yaml").string(), "--results",
                  results.path().string()});
}

// False if there is none within ten seconds.
bool suite_begins(const Results& results) {
  for (int i = 0; i < 200 && !fs::exists(results.path() / "latest"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return fs::exists(results.path() / "latest");
}

Program start_watch(const Results& results, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"watch", (results.path() / "latest").string(), "--interval",
                                     "0.2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Program(arguments);
}

std::vector<nlohmann::json> objects(const std::string& json_lines) {
  std::vector<nlohmann::json> all;
  std::istringstream lines(json_lines);
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

// What follows itself is there once.
void push_new(std::vector<std::string>& seen, const std::string& next) {
  if (seen.empty() || seen.back() != next) seen.push_back(next);
}

void interrupt_a_watch(const Results& results) {
  Program watch = start_watch(results);
  ASSERT_TRUE(watch.wait_for_output(" steady ")) << watch.output();
  watch.signal(SIGINT);
  watch.wait();
}

TEST(EndToEndWatch, FollowsARunToItsVerdictWhichCtrlCOfAnotherLeavesAlone) {
  const Results results;
  Program run = start_run(results);
  ASSERT_TRUE(suite_begins(results));
  Program lines = start_watch(results);
  Program json = start_watch(results, {"--json"});
  interrupt_a_watch(results);
  const Finished run_finished = run.wait();
  EXPECT_EQ(run_finished.exit_code, 0) << run_finished.output;

  const Finished watched = lines.wait();
  EXPECT_EQ(watched.exit_code, 0) << watched.output;
  for (const char* expected : {"1.3 broker-leader", " steady ", " fault ", "broker-kill leader (n",
                               " recovery", " drain ", "\nPASS  1.3 broker-leader", "results: "})
    EXPECT_NE(watched.output.find(expected), std::string::npos) << watched.output;

  const Finished told = json.wait();
  EXPECT_EQ(told.exit_code, 0) << told.output;
  const std::vector<nlohmann::json> all = objects(told.output);
  ASSERT_GT(all.size(), 50u);
  std::vector<std::string> states, phases;
  std::uint64_t writes = 0;
  nlohmann::json verdict;
  for (const nlohmann::json& one : all) {
    if (one["state"] != "waiting") push_new(states, one["state"]);
    if (one["state"] == "finished") verdict = one;
    if (one["state"] != "running") continue;
    push_new(phases, one["phase"]);
    EXPECT_GE(one["writes"]["ok"], writes) << "counts only grow";
    writes = one["writes"]["ok"];
    EXPECT_EQ(one["problem"], "");
  }
  if (states.front() == "deploying") states.erase(states.begin());
  EXPECT_EQ(states, (std::vector<std::string>{"running", "finished", "over"}));
  if (phases.back() == "judging") phases.pop_back();
  EXPECT_EQ(phases, (std::vector<std::string>{"steady", "fault", "recovery", "drain"}));
  EXPECT_EQ(verdict["outcome"], "pass");
  EXPECT_EQ(check(results.run_json("broker-leader"), "lost")["counts"]["acknowledged"], writes);

  const Finished again = start_watch(results, {"--once"}).wait();
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_NE(again.output.find("PASS  1.3 broker-leader"), std::string::npos) << again.output;
}

TEST(EndToEndWatch, SaysThatTheRunWasKilled) {
  const Results results;
  Program run = start_run(results);
  ASSERT_TRUE(suite_begins(results));
  Program watch = start_watch(results);
  ASSERT_TRUE(watch.wait_for_output("broker-kill leader")) << watch.output();
  run.signal(SIGKILL);
  run.wait();
  const Finished watched = watch.wait();
  EXPECT_EQ(watched.exit_code, 255) << watched.output;
  EXPECT_NE(watched.output.find("BROKEN  1.3 broker-leader"), std::string::npos) << watched.output;
  EXPECT_NE(watched.output.find("killed in phase fault"), std::string::npos) << watched.output;
  EXPECT_TRUE(become_none([&] { return processes_of(results.path()); }));
  EXPECT_EQ(faultline({"heal"}).exit_code, 0);
}

}  // namespace
}  // namespace faultline::end_to_end
