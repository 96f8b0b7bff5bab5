// Results made by hand, for the tests of reports.
#pragma once

#include "harness/runner.h"

namespace faultline::testing {

inline CheckResult make_check(std::string name, Verdict verdict, std::string observed,
                              std::string reason = "as promised") {
  CheckResult check;
  check.check = std::move(name);
  check.verdict = verdict;
  check.observed = std::move(observed);
  check.reason = std::move(reason);
  return check;
}

inline RunResult make_passed() {
  RunResult run;
  run.scenario.name = "broker-leader";
  run.scenario.title = "Broker (leader) 1 is down";
  run.scenario.figure = "1.3";
  run.scenario.set = "page";
  run.scenario.expectations.writes = Promise::pause;
  run.scenario.expectations.reads = Promise::keeps_on;
  run.status = RunStatus::judged;
  run.judgement.verdict = Verdict::pass;
  run.judgement.summary = "pass: lost none of 9876 acknowledged";
  run.judgement.checks = {
      make_check("lost", Verdict::pass, "none"),
      make_check("availability.writes", Verdict::pass, "pause"),
      make_check("availability.reads", Verdict::pass, "continue"),
      make_check("availability.deliveries", Verdict::pass, "pause"),
  };
  run.judgement.checks[0].counts = {{"acknowledged", 9876}, {"lost", 0}};
  run.folder = "/results/suite/broker-leader";
  run.broker_product = "nats";
  run.broker_version = "2.12.15";
  run.provider = "local";
  run.seed = 42;
  run.wall_clock = 1'795'388'491'000'000'000;
  run.elapsed = std::chrono::milliseconds(72'345);
  return run;
}

inline RunResult make_failed() {
  RunResult run = make_passed();
  run.scenario.name = "memory-storage";
  run.scenario.figure = "";
  run.scenario.set = "built-to-fail";
  run.folder = "/results/suite/memory-storage";
  run.judgement.verdict = Verdict::fail;
  run.judgement.summary = "fail: lost 1204 of 9876 acknowledged (12 %)";
  CheckResult& lost = run.judgement.checks[0];
  lost.verdict = Verdict::fail;
  lost.observed = "lost 1204 of 9876";
  lost.reason = "lost 1204 of 9876 acknowledged";
  lost.counts = {{"acknowledged", 9876}, {"lost", 1204}};
  Operation publish;
  publish.outcome = Outcome::ok;
  publish.value = {3, 17};
  publish.sequence = 1204;
  publish.invoked = 5 * second;
  publish.completed = 5 * second + millisecond;
  Operation read;
  read.kind = OperationKind::drain_read;
  read.answer = Answer::absent;
  read.sequence = 1204;
  read.invoked = 60 * second;
  lost.samples = {{"value 3/17, acknowledged as 1204, is in no replica", {publish, read}}};
  return run;
}

inline RunResult make_known() {
  RunResult run = make_failed();
  run.scenario.set = "known-issue";
  run.scenario.known_issue = {
      "nats-server#6888", "https://example.org/issues/6888", "2.10.7 - 2.10.22", {"lost"}};
  run.broker_version = "2.10.22";
  return run;
}

inline RunResult make_unknown() {
  RunResult run = make_passed();
  run.judgement.verdict = Verdict::unknown;
  run.judgement.summary = "unknown: the final read did not finish";
  run.judgement.checks[0].verdict = Verdict::unknown;
  run.judgement.checks[0].reason = "the final read did not finish";
  return run;
}

inline RunResult make_skipped() {
  RunResult run = make_passed();
  run.status = RunStatus::skipped;
  run.reason = "needs root: run it with sudo";
  run.judgement = {};
  return run;
}

inline RunResult make_broken() {
  RunResult run = make_skipped();
  run.status = RunStatus::broken;
  run.reason = "n2 exited at start: port 4222 is taken";
  return run;
}

inline SuiteResult make_suite(std::vector<RunResult> runs) {
  SuiteResult suite;
  suite.name = "20261122T230131Z-ab12";
  suite.folder = "/results/20261122T230131Z-ab12";
  suite.runs = std::move(runs);
  return suite;
}

}  // namespace faultline::testing
