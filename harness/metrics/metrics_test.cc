#include "harness/metrics/metrics.h"

#include <gtest/gtest.h>

#include "harness/metrics/publisher.h"
#include "harness/report/testing.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::Test;

class MetricsTest : public Test {
 protected:
  // The value of a series as the text format writes it; empty if there is none.
  std::string value(const std::string& series) const {
    const std::string text = "\n" + as_text(metrics_);
    const auto at = text.find("\n" + series + " ");
    if (at == text.npos) return "";
    const auto begin = at + series.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  static Scenario scenario() {
    Scenario scenario;
    scenario.name = "broker-leader";
    scenario.faults.emplace_back();
    scenario.faults.back().fault = "broker-kill";
    scenario.faults.back().target = "leader";
    scenario.fault = milliseconds(20'000);
    return scenario;
  }

  static ProgressFigures struck() {
    ProgressFigures figures;
    figures.phase = "fault";
    figures.faults = {{"broker-kill", "leader", {"n2"}}};
    figures.servers = {"n1", "n2", "n3"};
    figures.leader = "n3";
    OperationTally& publish = figures.live.operations[0];
    publish.count(Outcome::ok, millisecond);
    publish.count(Outcome::ok, 20 * second);
    publish.count(Outcome::unknown, 3 * second);
    return figures;
  }

  Metrics metrics_{"0.1.0", {{"broker-leader", 1000.5}}};
};

TEST_F(MetricsTest, CountersAreThereBeforeTheFirstOperation) {
  EXPECT_EQ(value("faultline_operations_total{operation=\"direct_read\",outcome=\"unknown\"}"),
            "0");
  EXPECT_EQ(value("faultline_unavailable_seconds_total{operation=\"deliver\"}"), "0");
  EXPECT_EQ(value("faultline_operation_duration_seconds_count{operation=\"ack\"}"), "0");
  EXPECT_EQ(value("faultline_build_info{version=\"0.1.0\"}"), "1");
}

TEST_F(MetricsTest, ShowsTheRunUnderWay) {
  metrics_.run_started(scenario());
  const std::string active =
      "faultline_fault_active{scenario=\"broker-leader\",fault=\"broker-kill\",target=\"leader\"}";
  EXPECT_EQ(value(active), "0");
  metrics_.update(struck());
  EXPECT_EQ(value(active), "1");
  EXPECT_EQ(value("faultline_broker_leader{server=\"n3\"}"), "1");
  EXPECT_EQ(value("faultline_broker_leader{server=\"n2\"}"), "0");
  EXPECT_EQ(value("faultline_operations_total{operation=\"publish\",outcome=\"ok\"}"), "2");
  EXPECT_EQ(value("faultline_operations_total{operation=\"publish\",outcome=\"unknown\"}"), "1");
  const std::string bucket =
      "faultline_operation_duration_seconds_bucket{operation=\"publish\",le=";
  EXPECT_EQ(value(bucket + "\"0.0005\"}"), "0");
  EXPECT_EQ(value(bucket + "\"0.001\"}"), "1");
  EXPECT_EQ(value(bucket + "\"10\"}"), "1");
  EXPECT_EQ(value(bucket + "\"+Inf\"}"), "2");
  EXPECT_EQ(value("faultline_operation_duration_seconds_sum{operation=\"publish\"}"), "20.001");
}

TEST_F(MetricsTest, CountersGoOnFromRunToRun) {
  const std::string published = "faultline_operations_total{operation=\"publish\",outcome=\"ok\"}";
  for (const char* sum : {"2", "4", "6"}) {
    metrics_.run_started(scenario());
    metrics_.update(struck());
    EXPECT_EQ(value(published), sum);
    metrics_.run_finished(testing::make_passed());
    EXPECT_EQ(value(published), sum);
  }
}

TEST_F(MetricsTest, NothingIsInEffectBetweenRuns) {
  metrics_.run_started(scenario());
  metrics_.update(struck());
  metrics_.run_finished(testing::make_passed());
  metrics_.update(struck());  // belongs to no run
  EXPECT_EQ(as_text(metrics_).find("faultline_fault_active"), std::string::npos);
  EXPECT_EQ(as_text(metrics_).find("faultline_broker_leader"), std::string::npos);
}

TEST_F(MetricsTest, VerdictsAreOfTheChecksThatJudged) {
  RunResult run = testing::make_failed();
  run.judgement.checks[1].verdict = Verdict::unknown;
  run.judgement.checks[2].judged = false;
  metrics_.run_finished(run);
  const auto verdict = [&](const std::string& checker) {
    return value("faultline_verdict{scenario=\"memory-storage\",checker=\"" + checker + "\"}");
  };
  EXPECT_EQ(verdict("lost"), "0");
  EXPECT_EQ(verdict("availability.writes"), "-1");
  EXPECT_EQ(verdict("availability.reads"), "");
  EXPECT_EQ(verdict("availability.deliveries"), "1");
}

// A later run that passes hides no violation.
TEST_F(MetricsTest, TheWorstVerdictOfAScenarioStays) {
  metrics_.run_finished(testing::make_failed());
  RunResult again = testing::make_passed();
  again.scenario.name = "memory-storage";
  metrics_.run_finished(again);
  EXPECT_EQ(value("faultline_verdict{scenario=\"memory-storage\",checker=\"lost\"}"), "0");
  EXPECT_EQ(value("faultline_suite_runs{scenario=\"memory-storage\",outcome=\"fail\"}"), "1");
  EXPECT_EQ(value("faultline_suite_runs{scenario=\"memory-storage\",outcome=\"pass\"}"), "1");
}

TEST_F(MetricsTest, ASuiteThatIsOverSaysHowItEnded) {
  metrics_.suite_started("kind");
  EXPECT_NE(value("faultline_suite_start_timestamp_seconds"), "");
  EXPECT_EQ(value("faultline_suite_end_timestamp_seconds"), "");
  EXPECT_EQ(value("faultline_suite_exit_code"), "");
  metrics_.run_finished(testing::make_broken());  // tried again, and not in the suite's list
  RunResult left = testing::make_broken();
  left.scenario.name = "volume-leader";
  left.not_undone = "n2's link";
  metrics_.suite_finished(
      testing::make_suite({testing::make_passed(), testing::make_skipped(), left}), exit_broken,
      {.allow_skip = true});
  EXPECT_NE(value("faultline_suite_end_timestamp_seconds"), "");
  EXPECT_EQ(value("faultline_suite_exit_code"), "255");
  EXPECT_EQ(value("faultline_scenario_exit_code{scenario=\"volume-leader\"}"), "255");
  EXPECT_EQ(value("faultline_scenario_exit_code{scenario=\"broker-leader\"}"), "0");
  EXPECT_EQ(value("faultline_suite_runs{scenario=\"broker-leader\",outcome=\"pass\"}"), "1");
  EXPECT_EQ(value("faultline_suite_runs{scenario=\"broker-leader\",outcome=\"skipped\"}"), "1");
  EXPECT_EQ(value("faultline_suite_runs{scenario=\"broker-leader\",outcome=\"broken\"}"), "");
  EXPECT_EQ(value("faultline_not_undone{scenario=\"volume-leader\"}"), "1");
  EXPECT_EQ(value("faultline_not_undone{scenario=\"broker-leader\"}"), "0");
  EXPECT_EQ(value("faultline_run_info{scenario=\"volume-leader\",provider=\"kind\","
                  "broker=\"nats\",broker_version=\"2.12.15\"}"),
            "1");
}

TEST_F(MetricsTest, TheLastSuccessIsTheEndOfARunThatPassed) {
  const std::string success =
      "faultline_last_success_timestamp_seconds{scenario=\"broker-leader\"}";
  EXPECT_EQ(value(success), "1000.5");
  metrics_.run_finished(testing::make_unknown());
  metrics_.run_finished(testing::make_skipped());
  EXPECT_EQ(value(success), "1000.5");
  const RunResult passed = testing::make_passed();
  metrics_.run_finished(passed);
  EXPECT_NEAR(std::stod(value(success)), static_cast<double>(passed.wall_clock) / 1e9 + 72.345,
              1e-3);
}

// Prometheus refuses a whole scrape for one label that is no UTF-8.
TEST_F(MetricsTest, LabelsAreHarmless) {
  RunResult run = testing::make_passed();
  run.broker_version = "2.12\xff\"\n{x=\"} token=s3cr3t-value";
  metrics_.run_finished(run);
  const std::string text = as_text(metrics_);
  EXPECT_NE(text.find("broker_version=\"2.12?\\\" {x=\\\"} "), std::string::npos) << text;
  EXPECT_EQ(text.find("s3cr3t-value"), std::string::npos) << text;
}

TEST(UnavailableTimeTest, AGapCountsWholeAndOnce) {
  UnavailableTime time;
  for (const int gap : {0, 0, 1250, 1500, 1750, 0, 0}) time.look(milliseconds(gap));
  EXPECT_EQ(time.total(), milliseconds(1750));
  for (const int gap : {1100, 1300, 1050, 1200}) time.look(milliseconds(gap));
  EXPECT_EQ(time.total(), milliseconds(1750 + 1300 + 1200));
}

TEST_F(MetricsTest, OnlyWhoTakesPartIsUnavailable) {
  Scenario one = scenario();
  one.workload.durables = one.workload.laggards = 0;
  metrics_.run_started(one);
  ProgressFigures figures = struck();
  figures.unavailable_writes = figures.unavailable_deliveries = milliseconds(2500);
  metrics_.update(figures);
  figures.phase = "drain";  // producers have ended, on purpose
  figures.unavailable_writes = milliseconds(9000);
  metrics_.update(figures);
  EXPECT_EQ(value("faultline_unavailable_seconds_total{operation=\"publish\"}"), "2.5");
  EXPECT_EQ(value("faultline_unavailable_seconds_total{operation=\"read\"}"), "0");
  EXPECT_EQ(value("faultline_unavailable_seconds_total{operation=\"deliver\"}"), "0");
}

}  // namespace
}  // namespace faultline
