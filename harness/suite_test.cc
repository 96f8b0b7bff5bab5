#include "harness/suite.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <fstream>
#include <sstream>

#include "harness/exit_code.h"
#include "harness/report/testing.h"
#include "harness/runs/database.h"

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
    return run_suite(scenarios_, options_, folder, terminal, steps_);
  }

  fs::path root_;
  std::atomic<int> interrupts_ = 0;
  RunOptions options_;
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
}

TEST_F(Suite, RunsNothingOnAMachineThatCannotBeHealed) {
  steps_.heal = [] { return HealReport{{}, {"pid 7 does not die"}, {}}; };
  const SuiteResult suite = run();
  EXPECT_TRUE(ran_.empty());
  EXPECT_NE(suite.problem.find("pid 7 does not die"), std::string::npos) << suite.problem;
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

}  // namespace
}  // namespace faultline
