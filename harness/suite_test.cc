#include "harness/suite.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <fstream>
#include <map>
#include <sstream>

#include "harness/exit_code.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/testing.h"
#include "harness/report/words.h"
#include "harness/runs/database.h"
#include "workloads/recorder.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

class Suite : public ::testing::Test {
 protected:
  Suite() {
    std::string pattern = (fs::temp_directory_path() / "faultline-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    steps_.heal = [] { return HealReport{}; };
    steps_.missing = [](const Scenario&, const RunOptions&) { return std::vector<std::string>{}; };
    steps_.run = [this](const Scenario& scenario, const RunOptions& options, Progress&) {
      ran_.push_back(scenario.name);
      RunResult run = testing::make_passed();
      run.scenario = scenario;
      run.folder = options.folder;
      return run;
    };
    for (const char* name : {"a", "b", "c"}) {
      scenarios_.emplace_back();
      scenarios_.back().name = name;
    }
    options_.interrupts = &interrupts_;
  }
  ~Suite() override { fs::remove_all(root_); }

  SuiteResult run() {
    Terminal terminal(out_, {});
    const SuiteFolder folder(root_);
    return run_suite(scenarios_, options_, folder, terminal, steps_, plan_);
  }

  // Where the harness breaks for the first so many runs of a scenario.
  void break_first(int times) {
    steps_.run = [times, left = std::map<std::string, int>(), run = steps_.run](
                     const Scenario& scenario, const RunOptions& options,
                     Progress& progress) mutable {
      RunResult result = run(scenario, options, progress);
      if (left.try_emplace(scenario.name, times).first->second-- <= 0) return result;
      result.status = RunStatus::broken;
      result.reason = "n2 exited at start";
      result.judgement = {};
      return result;
    };
  }

  fs::path root_;
  std::atomic<int> interrupts_ = 0;
  RunOptions options_;
  SuitePlan plan_;
  SuiteSteps steps_;
  std::vector<Scenario> scenarios_;
  std::vector<std::string> ran_;
  std::ostringstream out_;
};

TEST_F(Suite, WritesAReportForEveryRun) {
  const SuiteResult suite = run();
  EXPECT_EQ(suite.problem, "");
  EXPECT_EQ(suite.runs.size(), 3u);
  for (const char* name : {"a", "b", "c"})
    EXPECT_TRUE(fs::exists(suite.folder / name / "run.json")) << name;
  EXPECT_TRUE(fs::exists(suite.folder / "junit.xml"));
  EXPECT_TRUE(fs::exists(root_ / "latest" / "table.txt"));
}

TEST_F(Suite, AddsEveryRunToTheHistoryOfRuns) {
  const SuiteResult suite = run();
  const std::vector<RunRecord> runs = RunsDatabase(root_).runs();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].suite, suite.name);
  EXPECT_TRUE(runs[0].passed());
}

// The database never costs a verdict.
TEST_F(Suite, GoesOnWhereTheHistoryOfRunsIsDamaged) {
  std::ofstream(root_ / runs_database_name) << "this is no database";
  const SuiteResult suite = run();
  EXPECT_EQ(suite.problem, "");
  EXPECT_EQ(suite.runs.size(), 3u);
  const std::string out = out_.str();
  const auto told = out.find("not in the history of runs for now");
  EXPECT_NE(told, out.npos) << out;
  EXPECT_EQ(out.find("not in the history of runs for now", told + 1), out.npos) << out;
}

TEST_F(Suite, ReportsAreThereBeforeTheNextRunBegins) {
  const auto run_one = steps_.run;
  steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    const fs::path suite = options.folder.parent_path();
    EXPECT_TRUE(fs::exists(suite / "junit.xml"));
    if (scenario.name == "b") {
      EXPECT_TRUE(fs::exists(suite / "a" / "run.json"));
    }
    return run_one(scenario, options, progress);
  };
  EXPECT_EQ(run().runs.size(), 3u);
}

TEST_F(Suite, SkipsWhatTheMachineLacks) {
  steps_.missing = [](const Scenario& scenario, const RunOptions&) {
    return scenario.name == "b" ? std::vector<std::string>{"needs root", "needs xfs"}
                                : std::vector<std::string>{};
  };
  const SuiteResult suite = run();
  EXPECT_EQ(ran_, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(suite.runs[1].status, RunStatus::skipped);
  EXPECT_EQ(suite.runs[1].reason, "needs root; needs xfs");
}

TEST_F(Suite, CtrlCStartsNoFurtherRun) {
  const auto run_one = steps_.run;
  steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    ++interrupts_;
    return run_one(scenario, options, progress);
  };
  const SuiteResult suite = run();
  EXPECT_EQ(ran_, std::vector<std::string>{"a"});
  EXPECT_TRUE(suite.interrupted);
  // What was to follow is listed.
  ASSERT_EQ(suite.runs.size(), 3u);
  const RunResult last = read_run_json(suite.folder / "c" / "run.json");
  EXPECT_EQ(last.status, RunStatus::not_run);
  EXPECT_EQ(last.reason, "interrupted before its turn");
  EXPECT_EQ(exit_code(suite, {.allow_not_run = true}), exit_interrupted);
}

// A table counts the missing ones of a row: Ctrl-C does not write a thousand folders.
TEST_F(Suite, AfterCtrlCOnlyWhatHasNoRowIsListed) {
  plan_.repeat = 1000;
  steps_.run = [&, run = steps_.run](const Scenario& scenario, const RunOptions& options,
                                     Progress& progress) {
    ++interrupts_;
    return run(scenario, options, progress);
  };
  EXPECT_EQ(run().runs.size(), 3u);
}

TEST_F(Suite, RunsNothingOnAMachineThatCannotBeHealed) {
  steps_.heal = [] { return HealReport{{}, {"pid 7 does not die"}, {}}; };
  const SuiteResult suite = run();
  EXPECT_TRUE(ran_.empty());
  EXPECT_NE(suite.problem.find("pid 7 does not die"), std::string::npos) << suite.problem;
}

// What one run left would be taken for the brokers' doing in the next.
TEST_F(Suite, EndsWhereTheRunBeforeLeftWhatCannotBeHealed) {
  steps_.heal = [this] {
    return ran_.empty() ? HealReport{} : HealReport{{}, {"node w2 takes no pods"}, {}};
  };
  const SuiteResult suite = run();
  EXPECT_EQ(ran_, std::vector<std::string>{"a"});
  EXPECT_NE(suite.problem.find("node w2 takes no pods"), std::string::npos) << suite.problem;
}

TEST_F(Suite, IsMarkedAsUnfinishedUntilItsEnd) {
  steps_.run = [run = steps_.run](const Scenario& scenario, const RunOptions& options,
                                  Progress& progress) {
    EXPECT_TRUE(fs::exists(options.folder.parent_path() / unfinished_name));
    return run(scenario, options, progress);
  };
  EXPECT_FALSE(fs::exists(run().folder / unfinished_name));
}

TEST_F(Suite, WritesThePagesOfRunsAndSuite) {
  const SuiteResult suite = run();
  for (const char* name : {"a/report.html", "index.html", "summary.md"})
    EXPECT_TRUE(fs::exists(suite.folder / name)) << name;
}

TEST_F(Suite, APageThatCannotBeWrittenCostsNothingElse) {
  const auto run_one = steps_.run;
  steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    fs::create_directories(options.folder / "report.html" / "in the way");
    const fs::path summary = options.folder.parent_path() / "summary.md";
    if (!fs::is_directory(summary)) fs::remove(summary);  // of the suite's beginning
    fs::create_directories(summary / "in the way");
    return run_one(scenario, options, progress);
  };
  const SuiteResult suite = run();
  EXPECT_EQ(suite.problem, "");
  EXPECT_EQ(suite.runs.size(), 3u);
  EXPECT_EQ(exit_code(suite, {}), exit_passed);
  EXPECT_NE(out_.str().find("faultline report"), std::string::npos) << out_.str();
}

TEST_F(Suite, KeepsTheVerdictWhereTheReportCannotBeWritten) {
  const auto run_one = steps_.run;
  steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    fs::create_directories(options.folder / "run.json" / "in the way");
    RunResult run = run_one(scenario, options, progress);
    run.judgement.verdict = Verdict::fail;
    return run;
  };
  const SuiteResult suite = run();
  EXPECT_NE(suite.problem.find("run.json"), std::string::npos) << suite.problem;
  ASSERT_EQ(suite.runs.size(), 1u);
  EXPECT_EQ(exit_code(suite, {}), exit_violation);
  EXPECT_NE(out_.str().find("FAIL"), std::string::npos) << out_.str();
}

TEST_F(Suite, RepeatsEachWithSeedsOfItsOwn) {
  plan_.repeat = 3;
  options_.seed = std::numeric_limits<std::uint64_t>::max();
  std::vector<std::uint64_t> seeds;
  steps_.run = [&, run = steps_.run](const Scenario& scenario, const RunOptions& options,
                                     Progress& progress) {
    if (scenario.name == "a") seeds.push_back(options.seed);
    return run(scenario, options, progress);
  };
  const SuiteResult suite = run();
  EXPECT_EQ(ran_, (std::vector<std::string>{"a", "b", "c", "a", "b", "c", "a", "b", "c"}));
  EXPECT_EQ(seeds, (std::vector<std::uint64_t>{options_.seed, 0, 1}));
  const RunResult last = read_run_json(suite.folder / "c-3" / "run.json");
  EXPECT_EQ(last.repetition, 3u);
  EXPECT_EQ(last.repetitions, 3u);
  EXPECT_NE(out_.str().find("[9/9]"), std::string::npos) << out_.str();
}

TEST_F(Suite, RunsAgainWhereTheHarnessBroke) {
  plan_.retries = 2;
  break_first(1);
  const SuiteResult suite = run();
  EXPECT_EQ(exit_code(suite, {}), exit_passed);
  ASSERT_EQ(suite.runs.size(), 3u);
  EXPECT_EQ(suite.runs[0].folder.filename(), "a-retry-1");
  EXPECT_NE(out_.str().find("after 1 retry: n2 exited at start"), std::string::npos) << out_.str();
  const RunResult first = read_run_json(suite.folder / "a" / "run.json");
  EXPECT_EQ(first.status, RunStatus::broken);
  EXPECT_EQ(first.retried_as, "a-retry-1");
  EXPECT_TRUE(was_retried(first));
  const RunResult second = read_run_json(suite.folder / "a-retry-1" / "run.json");
  ASSERT_EQ(second.retried.size(), 1u);
  EXPECT_EQ(second.retried[0].name, "a");
  EXPECT_EQ(second.retried[0].reason, "n2 exited at start");
}

TEST_F(Suite, GivesUpAfterSoManyRetries) {
  plan_.retries = 2;
  break_first(3);
  const SuiteResult suite = run();
  EXPECT_EQ(exit_code(suite, {}), exit_broken);
  EXPECT_EQ(suite.runs[0].folder.filename(), "a-retry-2");
  EXPECT_EQ(suite.runs[0].retried.size(), 2u);
  EXPECT_EQ(ran_.size(), 9u);
}

TEST_F(Suite, NeverRunsAVerdictAgain) {
  plan_.retries = 2;
  for (const Verdict verdict : {Verdict::fail, Verdict::unknown}) {
    ran_.clear();
    steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress&) {
      ran_.push_back(scenario.name);
      RunResult result = testing::make_passed();
      result.scenario = scenario;
      result.folder = options.folder;
      result.judgement.verdict = verdict;
      return result;
    };
    run();
    EXPECT_EQ(ran_.size(), 3u) << to_string(verdict);
  }
}

TEST_F(Suite, RunsNothingAgainThatWasInterruptedOrNotUndone) {
  plan_.retries = 2;
  break_first(3);
  const auto broken = steps_.run;
  steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    RunResult result = broken(scenario, options, progress);
    result.not_undone = "n2: is mounted";
    return result;
  };
  run();
  EXPECT_EQ(ran_.size(), 3u);
  ran_.clear();
  steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    RunResult result = broken(scenario, options, progress);
    result.interrupted = true;
    return result;
  };
  run();
  EXPECT_EQ(ran_.size(), 1u);
}

// A second run would hide it.
TEST_F(Suite, RunsNothingAgainThatRecordedAViolationBeforeItBroke) {
  break_first(2);
  const auto broken = steps_.run;
  steps_.run = [&](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    Header header;
    header.scenario_name = scenario.name;
    Recorder recorder(options.folder / history_file_name, header);
    recorder.event(PhaseStarted{"steady"});
    const std::uint32_t process = recorder.new_process("producer", "");
    for (const std::uint64_t value : {1, 2}) {  // both acknowledged as one sequence
      const OperationId id = recorder.invoke({OperationKind::publish, process, 64, {0, value}});
      Completion stored;
      stored.outcome = Outcome::ok;
      stored.sequence = 7;
      recorder.complete(id, stored);
    }
    recorder.close();
    return broken(scenario, options, progress);
  };
  const auto expect_violation = [](const RunResult& run) {
    EXPECT_EQ(outcome_word(run), "fail");
    EXPECT_NE(reason_line(run).find("the run then broke off: "), std::string::npos) << reason_line(run);
  };
  for (plan_.retries = 0; plan_.retries < 2; ++plan_.retries) {
    ran_.clear();
    const SuiteResult suite = run();
    EXPECT_EQ(ran_.size(), 3u) << plan_.retries;
    EXPECT_EQ(exit_code(suite, {}), exit_violation);
    expect_violation(suite.runs[0]);
    expect_violation(read_stored_run(suite.runs[0].folder).run);
  }
}

TEST_F(Suite, WhatHasNotBegunInTimeIsNotRun) {
  using namespace std::chrono_literals;
  plan_.deadline = std::chrono::steady_clock::now() + 1h;
  plan_.time_limit = "90m";
  plan_.repeat = 2;
  steps_.run = [this, run = steps_.run](const Scenario& scenario, const RunOptions& options,
                                        Progress& progress) {
    if (scenario.name == "b") plan_.deadline = std::chrono::steady_clock::now();
    return run(scenario, options, progress);
  };
  const SuiteResult suite = run();
  EXPECT_EQ(ran_, (std::vector<std::string>{"a", "b"}));  // b went to its end
  ASSERT_EQ(suite.runs.size(), 6u);
  EXPECT_EQ(suite.runs[2].status, RunStatus::not_run);
  EXPECT_EQ(suite.runs[2].reason, "not begun within the time limit of 90m");
  EXPECT_EQ(exit_code(suite, {.allow_skip = true}), exit_unknown);
  EXPECT_EQ(exit_code(suite, {.allow_not_run = true}), exit_passed);
  const RunResult again = read_run_json(suite.folder / "c-2" / "run.json");
  EXPECT_EQ(again.status, RunStatus::not_run);
}

TEST_F(Suite, KeepsACopyOfItsJunit) {
  plan_.junit = root_ / "copy.xml";
  const SuiteResult suite = run();
  const auto read = [](const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  EXPECT_EQ(read(plan_.junit), read(suite.folder / "junit.xml"));
  EXPECT_NE(read(plan_.junit).find("tests=\"3\""), std::string::npos);
}

TEST_F(Suite, IsNoSuccessWithoutTheCopyThatWasAskedFor) {
  plan_.junit = root_ / "copy.xml";
  fs::create_directories(plan_.junit / "in the way");
  const SuiteResult suite = run();
  EXPECT_EQ(suite.runs.size(), 3u);
  EXPECT_EQ(exit_code(suite, {}), exit_broken);
  EXPECT_NE(suite.problem.find("--junit"), std::string::npos) << suite.problem;
}

}  // namespace
}  // namespace faultline
