#include "harness/report/junit.h"

#include <gtest/gtest.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "harness/report/testing.h"

namespace faultline {
namespace {

using boost::property_tree::ptree;
using testing::make_suite;

ptree parse(const std::string& xml) {
  std::istringstream in(xml);
  ptree document;
  boost::property_tree::read_xml(in, document);
  return document;
}

ptree only_case(const RunResult& run, const ExitPolicy& policy = {}) {
  return parse(junit_xml(make_suite({run}), policy)).get_child("testsuites.testsuite.testcase");
}

TEST(Junit, CountsEachKind) {
  const ptree suite = parse(junit_xml(make_suite({testing::make_passed(), testing::make_failed(),
                                                  testing::make_unknown(), testing::make_skipped(),
                                                  testing::make_broken()}),
                                      {.allow_skip = true}))
                          .get_child("testsuites.testsuite");
  EXPECT_EQ(suite.get<int>("<xmlattr>.tests"), 5);
  EXPECT_EQ(suite.get<int>("<xmlattr>.failures"), 2);
  EXPECT_EQ(suite.get<int>("<xmlattr>.errors"), 1);
  EXPECT_EQ(suite.get<int>("<xmlattr>.skipped"), 1);
  EXPECT_EQ(suite.count("testcase"), 5u);
}

TEST(Junit, PassHasNoOutcomeElement) {
  const ptree run = only_case(testing::make_passed());
  EXPECT_EQ(run.count("failure") + run.count("error") + run.count("skipped"), 0u);
  EXPECT_EQ(run.get<std::string>("<xmlattr>.name"), "broker-leader");
  EXPECT_EQ(run.get<std::string>("<xmlattr>.time"), "72.345");
}

TEST(Junit, AKnownIssueIsAFailureThatSaysSo) {
  const ptree run = only_case(testing::make_known());
  EXPECT_TRUE(run.get<std::string>("failure.<xmlattr>.message")
                  .ends_with("; known: nats-server#6888 (https://example.org/issues/6888)"));
  EXPECT_NE(junit_xml(make_suite({testing::make_known()}))
                .find("value=\"nats-server#6888 https://example.org/issues/6888\""),
            std::string::npos);
}

// It was the suite's name, which holds the time: every run was a new case to a CI server.
TEST(Junit, ACaseHasTheSameNameInEverySuite) {
  SuiteResult suite = make_suite({testing::make_passed()});
  suite.name = "20261123T000000Z-cd34";
  const auto name = [](const SuiteResult& of) {
    const ptree run = parse(junit_xml(of)).get_child("testsuites.testsuite.testcase");
    return run.get<std::string>("<xmlattr>.classname") + "." +
           run.get<std::string>("<xmlattr>.name");
  };
  EXPECT_EQ(name(suite), "faultline.local.broker-leader");
  EXPECT_EQ(name(suite), name(make_suite({testing::make_passed()})));
}

TEST(Junit, ViolationIsAFailureOfItsCheck) {
  const ptree failure = only_case(testing::make_failed()).get_child("failure");
  EXPECT_EQ(failure.get<std::string>("<xmlattr>.type"), "lost");
  EXPECT_EQ(failure.get<std::string>("<xmlattr>.message"),
            "fail: lost 1204 of 9876 acknowledged (12 %)");
  EXPECT_NE(failure.data().find("value 3/17"), std::string::npos);
}

TEST(Junit, UnknownIsNotGreen) {
  EXPECT_EQ(only_case(testing::make_unknown()).get<std::string>("failure.<xmlattr>.type"),
            "unknown");
}

TEST(Junit, InterruptedPassIsNotGreen) {
  RunResult run = testing::make_passed();
  run.interrupted = true;
  EXPECT_EQ(only_case(run).get<std::string>("failure.<xmlattr>.type"), "interrupted");
}

RunResult make_late() {
  RunResult run = testing::make_skipped();
  run.status = RunStatus::not_run;
  run.reason = "not begun within the time limit of 90m";
  return run;
}

RunResult make_built_to_fail(RunResult run) {
  run.scenario.set = "built-to-fail";
  return run;
}

// A CI server showed a green night red, and a red one green.
TEST(Junit, IsRedWhereTheExitCodeIs) {
  RunResult unclean = testing::make_known(), cut = testing::make_passed();
  unclean.not_undone = "n2: is mounted";
  cut.interrupted = true;
  const std::vector<RunResult> runs{testing::make_passed(),
                                    testing::make_failed(),
                                    testing::make_known(),
                                    testing::make_unknown(),
                                    testing::make_skipped(),
                                    testing::make_broken(),
                                    make_built_to_fail(testing::make_passed()),
                                    make_built_to_fail(testing::make_failed()),
                                    make_late(),
                                    unclean,
                                    cut};
  for (const FailOn fail_on :
       {FailOn::unexpected, FailOn::known, FailOn::violation, FailOn::unknown})
    for (const bool allow : {false, true})
      for (const RunResult& run : runs) {
        const ExitPolicy policy{fail_on, allow, allow};
        const ptree testcase = only_case(run, policy);
        EXPECT_EQ(testcase.count("failure") + testcase.count("error"),
                  exit_code(run, policy) == exit_passed ? 0u : 1u)
            << junit_xml(make_suite({run}), policy);
      }
}

// As pytest writes what is expected to fail: neither green nor red.
TEST(Junit, AFailureThatDoesNotCountIsSkippedWithItsReason) {
  const ptree skipped =
      only_case(testing::make_known(), {.fail_on = FailOn::unexpected}).get_child("skipped");
  EXPECT_NE(skipped.get<std::string>("<xmlattr>.message").find("known: nats-server#6888"),
            std::string::npos);
  EXPECT_NE(skipped.data().find("value 3/17"), std::string::npos);
}

TEST(Junit, WhatWasBuiltToFailAndPassedSaysSo) {
  const ptree failure =
      only_case(make_built_to_fail(testing::make_passed()), {.fail_on = FailOn::unexpected})
          .get_child("failure");
  EXPECT_EQ(failure.get<std::string>("<xmlattr>.type"), "built to fail");
  EXPECT_TRUE(
      failure.get<std::string>("<xmlattr>.message").starts_with("built to fail, and did not: "));
}

TEST(Junit, ASuiteThatBrokeOffIsAnError) {
  SuiteResult suite = make_suite({});
  suite.problem = "No space left on device";
  const ptree element = parse(junit_xml(suite)).get_child("testsuites.testsuite");
  EXPECT_EQ(element.get<int>("<xmlattr>.errors"), 1);
  EXPECT_EQ(element.get<int>("<xmlattr>.tests"), 1);
  EXPECT_EQ(element.get<std::string>("testcase.error.<xmlattr>.message"), suite.problem);
}

TEST(Junit, HoldsNoSecret) {
  RunResult failed = testing::make_failed(), broken = testing::make_broken();
  failed.judgement.summary = failed.judgement.checks[0].reason =
      failed.judgement.checks[0].samples[0].what = "nats://user:hunter2@n1 refused";
  failed.retried = {{"memory-storage", "password=hunter2"}};
  broken.reason = "Authorization: Bearer hunter2hunter2";
  SuiteResult suite = make_suite({failed, broken});
  suite.problem = "token: hunter2";
  const std::string xml = junit_xml(suite);
  EXPECT_EQ(xml.find("hunter2"), xml.npos) << xml;
}

TEST(Junit, BrokenIsAnErrorAndSkippedIsSkipped) {
  EXPECT_EQ(only_case(testing::make_broken()).get<std::string>("error.<xmlattr>.message"),
            "n2 exited at start: port 4222 is taken");
  EXPECT_EQ(only_case(testing::make_skipped(), {.allow_skip = true})
                .get<std::string>("skipped.<xmlattr>.message"),
            "needs root: run it with sudo");
}

TEST(Junit, NotRunIsSkippedWithItsReason) {
  EXPECT_EQ(
      only_case(make_late(), {.allow_not_run = true}).get<std::string>("skipped.<xmlattr>.message"),
      "not begun within the time limit of 90m");
}

// In Surefire's words, and under the name of the first run: to a CI server it is one case.
TEST(Junit, WhatWasRetriedSaysSo) {
  RunResult run = testing::make_passed();
  run.folder = "/results/suite/broker-leader-retry-1";
  run.retried = {{"broker-leader", "n2 exited"}};
  EXPECT_EQ(only_case(run).get<std::string>("flakyError.<xmlattr>.message"), "n2 exited");
  EXPECT_EQ(only_case(run).get<std::string>("<xmlattr>.name"), "broker-leader");
  run.status = RunStatus::broken;
  EXPECT_EQ(only_case(run).get<std::string>("rerunError.<xmlattr>.message"), "n2 exited");
  EXPECT_EQ(only_case(run).count("error"), 1u);
}

TEST(Junit, CarriesSeedAndVersions) {
  std::map<std::string, std::string> properties;
  const ptree run = only_case(testing::make_passed());
  for (const auto& [tag, property] : run.get_child("properties"))
    properties[property.get<std::string>("<xmlattr>.name")] =
        property.get<std::string>("<xmlattr>.value");
  EXPECT_EQ(properties["seed"], "42");
  EXPECT_EQ(properties["broker"], "nats 2.12.15");
}

TEST(Junit, IsWellFormedWhateverTheMessageHolds) {
  RunResult run = testing::make_broken();
  run.reason = "a<b>&\"'c]]>";
  EXPECT_EQ(only_case(run).get<std::string>("error.<xmlattr>.message"), run.reason);
  for (const char* bad : {"\x01", "\x1b", "\x7f\xff", "\xc3", "\xed\xa0\x80", "\xef\xbf\xbf",
                          "\xf5\x80\x80\x80", "\xc0\xaf"}) {
    run.reason = std::string("x") + bad + "y";
    const std::string message = only_case(run).get<std::string>("error.<xmlattr>.message");
    EXPECT_TRUE(message.starts_with("x") && message.ends_with("y")) << message;
    EXPECT_NE(message.find('?'), std::string::npos) << message;
  }
  run.reason = "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80";
  EXPECT_EQ(only_case(run).get<std::string>("error.<xmlattr>.message"), run.reason);
}

TEST(Junit, EmptySuiteIsWellFormed) {
  EXPECT_EQ(parse(junit_xml(make_suite({}))).get<int>("testsuites.testsuite.<xmlattr>.tests"), 0);
}

}  // namespace
}  // namespace faultline
