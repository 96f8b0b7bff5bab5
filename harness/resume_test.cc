#include "harness/resume.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "harness/cluster/testing.h"
#include "harness/exit_code.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/testing.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

// Suites of two scenarios, run twice each, whose sittings end after so many runs.
class Resume : public ::testing::Test {
 protected:
  Resume() {
    steps_.heal = [] { return HealReport{}; };
    steps_.missing = [](const Scenario&, const RunOptions&) { return std::vector<std::string>{}; };
    steps_.run = [this](const Scenario& scenario, const RunOptions& options, Progress&) {
      ran_.push_back(options.folder.filename());
      RunResult run = testing::make_passed();
      run.scenario = scenario;
      run.folder = options.folder;
      run.seed = options.seed;
      run.broker_version = options.broker_version;
      if (ran_.size() == last_) interrupts_ = 1;
      if (then_) then_(run);
      return run;
    };
    for (const char* name : {"a", "b"}) {
      scenarios_.emplace_back();
      scenarios_.back().name = name;
      scenarios_.back().text = name;
    }
    plan_.repeat = 2;
    options_.interrupts = &interrupts_;
    options_.seed = 7;
  }

  // Interrupted while its last run is under way; 0: never.
  SuiteResult sitting(std::size_t last = 0) {
    interrupts_ = 0;
    last_ = last;
    ran_.clear();
    Terminal terminal(out_, {});
    const auto earlier =
        find_earlier_suite(root_.path(), suite_request(scenarios_, options_, plan_), {});
    SuitePlan plan = plan_;
    plan.resume = earlier.has_value();
    if (earlier) options_.seed = earlier->seed;
    const SuiteFolder folder =
        earlier ? SuiteFolder::existing(earlier->folder) : SuiteFolder(root_.path());
    return run_suite(scenarios_, options_, folder, terminal, steps_, plan);
  }

  testing::TemporaryFolder root_;
  std::atomic<int> interrupts_ = 0;
  std::size_t last_ = 0;
  RunOptions options_;
  SuitePlan plan_;
  SuiteSteps steps_;
  std::function<void(RunResult&)> then_;
  std::vector<Scenario> scenarios_;
  std::vector<std::string> ran_;
  std::ostringstream out_;
};

using Names = std::vector<std::string>;

TEST_F(Resume, GoesOnWhereItEnded) {
  const SuiteResult first = sitting(2);
  EXPECT_EQ(ran_, (Names{"a-1", "b-1"}));
  const SuiteResult second = sitting();
  EXPECT_EQ(ran_, (Names{"a-2", "b-2"}));
  EXPECT_EQ(second.name, first.name);
  EXPECT_EQ(second.runs.size(), 4u);
  EXPECT_EQ(exit_code(second, {}), exit_passed);
  EXPECT_NE(out_.str().find("[4/4]"), std::string::npos) << out_.str();
  sitting();
  EXPECT_EQ(ran_, Names{}) << "nothing is left";
}

TEST_F(Resume, OfTheSeedThatItBeganWith) {
  sitting(1);
  options_.seed = 99;
  const SuiteResult suite = sitting();
  ASSERT_EQ(suite.runs.size(), 4u);
  EXPECT_EQ(suite.runs[3].seed, 8u);
}

TEST_F(Resume, AnotherRequestIsAnotherSuite) {
  const std::string name = sitting(1).name;
  const auto is_new = [&] { return sitting().name != name; };
  options_.broker_version = "2.10.22";
  EXPECT_TRUE(is_new());
  options_.broker_version.clear();
  plan_.repeat = 3;
  EXPECT_TRUE(is_new());
  plan_.repeat = 2;
  plan_.place = {"/another/target.yaml"};
  EXPECT_TRUE(is_new());
  plan_.place.clear();
  const testing::TemporaryFolder elsewhere;
  const fs::path binary = elsewhere.path() / "broker";
  options_.broker_binary = binary;
  EXPECT_FALSE(is_new()) << "there is no such file";
  std::ofstream(binary) << "one";
  EXPECT_TRUE(is_new());
  options_.broker_binary.clear();
  scenarios_[1].text = "b, changed";
  EXPECT_TRUE(is_new());
  scenarios_[1].text = "b";
  EXPECT_FALSE(is_new());
  EXPECT_FALSE(find_earlier_suite(root_.path(), suite_request(scenarios_, options_, plan_), 8));
}

// A verdict is not for choosing.
TEST_F(Resume, NoVerdictIsRunAgain) {
  std::vector<Verdict> verdicts{Verdict::fail, Verdict::unknown};
  then_ = [&](RunResult& run) { run.judgement.verdict = verdicts.at(ran_.size() - 1); };
  sitting(2);
  then_ = {};
  const SuiteResult suite = sitting();
  EXPECT_EQ(ran_, (Names{"a-2", "b-2"}));
  EXPECT_EQ(outcome_word(suite.runs[0]), "fail");
  EXPECT_EQ(outcome_word(suite.runs[1]), "unknown");
}

TEST_F(Resume, WhatWasInterruptedIsRunAgain) {
  then_ = [](RunResult& run) { run.interrupted = true; };
  const SuiteResult first = sitting(1);
  then_ = {};
  const SuiteResult second = sitting();
  EXPECT_EQ(ran_, (Names{"a-1-retry-1", "b-1", "a-2", "b-2"}));
  ASSERT_EQ(second.runs[0].retried.size(), 1u);
  EXPECT_EQ(second.runs[0].retried[0].name, "a-1");
  EXPECT_TRUE(was_retried(read_run_json(first.folder / "a-1" / run_json_name)));
  sitting();
  EXPECT_EQ(ran_, Names{});
}

TEST_F(Resume, AnInterruptedViolationStays) {
  then_ = [](RunResult& run) {
    run.interrupted = true;
    run.judgement.verdict = Verdict::fail;
  };
  sitting(1);
  then_ = {};
  EXPECT_EQ(exit_code(sitting(), {}), exit_violation);
  EXPECT_EQ(ran_, (Names{"b-1", "a-2", "b-2"}));
}

TEST_F(Resume, WhatWasKilledIsRunAgainHoweverOften) {
  const fs::path folder = sitting(1).folder;
  for (const char* killed : {"b-1", "b-1-retry-1", "b-1-retry-2"}) {
    fs::create_directories(folder / killed);
    fs::remove(folder / killed / run_json_name);
    sitting(1);
    fs::remove(folder / ran_.at(0) / run_json_name);
  }
  const SuiteResult suite = sitting();
  EXPECT_EQ(ran_, (Names{"b-1-retry-4", "a-2", "b-2"}));
  EXPECT_EQ(suite.runs[1].retried.size(), 4u);
  EXPECT_EQ(suite.runs[1].retried[0].reason, "killed before it recorded anything");
}

TEST_F(Resume, EachVersionHasItsTurn) {
  plan_.versions = {"2.10.7", "2.12.1"};
  plan_.repeat = 1;
  sitting(3);
  EXPECT_EQ(ran_, (Names{"a-2.10.7", "b-2.10.7", "a-2.12.1"}));
  const SuiteResult suite = sitting();
  EXPECT_EQ(ran_, Names{"b-2.12.1"});
  EXPECT_EQ(suite.runs[2].broker_version, "2.12.1");
}

TEST_F(Resume, OneThatIsUnderWayIsLeftAlone) {
  const fs::path folder = sitting(1).folder;
  const SuiteFolder another = SuiteFolder::existing(folder);
  try {
    SuiteFolder::existing(folder);
    FAIL() << "taken twice";
  } catch (const ResultsError& error) {
    EXPECT_NE(std::string(error.what()).find("under way"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace faultline
