#include "harness/agenda.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

FaultStep step(milliseconds at, milliseconds lasts, std::uint32_t times = 1,
               milliseconds every = 0s) {
  FaultStep step{"broker-kill", "leader", at};
  step.lasts = lasts;
  step.times = times;
  step.every = every;
  return step;
}

Scenario scenario(std::vector<FaultStep> faults) {
  Scenario scenario;
  scenario.fault = 30s;
  scenario.faults = std::move(faults);
  return scenario;
}

// "0+ 0-": fault 0 strikes, then ends.
std::string order(const Scenario& scenario) {
  std::string text;
  for (const Moment& moment : agenda(scenario))
    text += (text.empty() ? "" : " ") + std::to_string(moment.fault) + (moment.ends ? "-" : "+");
  return text;
}

TEST(Agenda, WhatLastsUntilTheHealHasNoEnd) {
  const auto s = scenario({step(0s, 0s), step(5s, 0s)});
  EXPECT_EQ(order(s), "0+ 1+");
  EXPECT_EQ(planned_strikes(s)[1].end, 30s);
  EXPECT_EQ(planned_heal(s), 30s);
}

TEST(Agenda, EachRepetitionIsAFaultOfItsOwn) {
  const auto s = scenario({step(1s, 2s, 3, 5s), step(7s, 0s)});
  const auto strikes = planned_strikes(s);
  ASSERT_EQ(strikes.size(), 4u);
  EXPECT_EQ(strikes[2].at, 11s);
  EXPECT_EQ(strikes[2].end, 13s);
  EXPECT_EQ(strikes[3].step, &s.faults[1]);
  EXPECT_EQ(order(s), "0+ 0- 1+ 3+ 1- 2+ 2-");
}

TEST(Agenda, IsInOrderOfTimeWhateverTheFilesOrder) {
  EXPECT_EQ(order(scenario({step(5s, 0s), step(0s, 0s), step(0s, 0s)})), "1+ 2+ 0+");
}

TEST(Agenda, AnEndGoesBeforeAStrikeOfTheSameMoment) {
  EXPECT_EQ(order(scenario({step(5s, 0s), step(0s, 5s)})), "1+ 1- 0+");
}

TEST(Agenda, OfTwoThatEndTogetherTheLaterOneGoesFirst) {
  EXPECT_EQ(order(scenario({step(0s, 9s), step(3s, 6s)})), "0+ 1+ 1- 0-");
  EXPECT_EQ(order(scenario({step(3s, 6s), step(0s, 9s)})), "1+ 0+ 0- 1-");
  EXPECT_EQ(order(scenario({step(0s, 9s), step(0s, 9s)})), "0+ 1+ 1- 0-");
}

TEST(Agenda, WhereAllEndBeforeTheLastEndIsTheHeal) {
  EXPECT_EQ(planned_heal(scenario({step(0s, 4s), step(9s, 1s, 2, 3s)})), 13s);
  EXPECT_EQ(planned_heal(scenario({step(0s, 4s), step(9s, 0s)})), 30s);
}

}  // namespace
}  // namespace faultline
