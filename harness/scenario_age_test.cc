#include "harness/scenario_age.h"

#include <gtest/gtest.h>

#include "harness/catalogue.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

TEST(ScenarioAge, OfEachScenarioThatThereIs) {
  const auto all = load_catalogue({}, Selection::all);
  ASSERT_TRUE(all.problems.empty());
  ASSERT_GT(all.scenarios.size(), 18u);
  for (const Scenario& scenario : all.scenarios) {
    const auto [aged, problems] = at_age(scenario, "90s");
    ASSERT_TRUE(problems.empty()) << to_string(problems.front());
    EXPECT_EQ(aged.steady, 90s) << scenario.name;
    EXPECT_EQ(aged.name, scenario.name + "-at-90s");
    EXPECT_EQ(aged.title, scenario.title);
    EXPECT_EQ(aged.fault, scenario.fault);
    EXPECT_EQ(aged.faults.size(), scenario.faults.size());
    EXPECT_EQ(chosen_age(aged), "90s");
    EXPECT_EQ(chosen_age(scenario), "");
    EXPECT_EQ(parse_scenario(aged.text, "").scenario.name, aged.name) << "as it is recorded";
  }
}

// The first figure of the page, with its age written like this.
Scenario with_age_line(const std::string& line) {
  Scenario scenario = load_catalogue({}, Selection::to_run).scenarios.at(0);
  const auto begin = scenario.text.find("steady: "), end = scenario.text.find('\n', begin);
  scenario.text.replace(begin, end - begin, line);
  return scenario;
}

Scenario named(const std::string& name) {
  Scenario scenario;
  scenario.name = name;
  return scenario;
}

TEST(ScenarioAge, QuotesAndOrderDoNotMatter) {
  Scenario scenario = with_age_line("steady: '8s'");
  const auto spec = scenario.text.find("spec:"), metadata = scenario.text.find("metadata:");
  scenario.text = scenario.text.substr(0, metadata) + scenario.text.substr(spec) + "\n" +
                  scenario.text.substr(metadata, spec - metadata);
  const auto [aged, problems] = at_age(scenario, "2500ms");
  ASSERT_TRUE(problems.empty()) << to_string(problems.front());
  EXPECT_EQ(aged.steady, 2500ms);
  EXPECT_EQ(aged.name, scenario.name + "-at-2500ms");
}

TEST(ScenarioAge, WhatIsNoDurationIsAProblem) {
  const Scenario scenario = load_catalogue({}, Selection::to_run).scenarios.at(0);
  for (const char* age : {"old", "", "1 hour", "120", "999h", "1s\n    hold: 2s"})
    EXPECT_FALSE(at_age(scenario, age).problems.empty()) << age;
}

TEST(ScenarioAge, WithoutItsOwnThereIsNoOther) {
  const auto [aged, problems] = at_age(with_age_line("hold: 20s"), "90s");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].message.find("spec.timeline.steady"), std::string::npos);
}

TEST(ScenarioAge, ANameWithAtInItIsNoAge) {
  EXPECT_EQ(chosen_age(named("broker-at-home")), "");
  EXPECT_EQ(chosen_age(named("look-at-me-at-2500ms")), "2500ms");
}

}  // namespace
}  // namespace faultline
