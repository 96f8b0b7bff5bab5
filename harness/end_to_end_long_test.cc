// What takes longer: the whole page, and the known issue on versions that have
// it and versions that do not.
#include <gtest/gtest.h>

#include "harness/end_to_end.h"

namespace faultline::end_to_end {
namespace {

TEST(EndToEndLong, PageIsKept) {
  const Results results;
  const Finished finished =
      faultline({"run", scenario("brokers").string(), "--results", results.path().string()});
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  const Finished again = faultline({"check", (results.path() / "latest").string()});
  EXPECT_EQ(again.exit_code, 0) << again.output;
}

void run_nats_6888(const std::string& version, int exit_code) {
  const Results results;
  const Finished finished =
      faultline({"run", scenario("known-issues/nats-6888.yaml").string(), "--broker-version",
                 version, "--results", results.path().string()});
  EXPECT_EQ(finished.exit_code, exit_code) << finished.output;
}

TEST(EndToEndLong, Nats6888OnTheVersionsThatHaveIt) {
  for (int trial = 0; trial < 5; ++trial) run_nats_6888("2.10.22", 1);
}

TEST(EndToEndLong, Nats6888OnAVersionWithoutIt) {
  for (int trial = 0; trial < 5; ++trial) run_nats_6888("2.12.1", 0);
}

TEST(EndToEndLong, TwoRunsAtOnceDoNotDisturbEachOther) {
  const Results one, two;
  const std::string file = scenario("brokers/3-leader-down.yaml").string();
  Program first({"run", file, "--results", one.path().string()});
  Program second({"run", file, "--results", two.path().string()});
  const Finished first_finished = first.wait(), second_finished = second.wait();
  EXPECT_EQ(first_finished.exit_code, 0) << first_finished.output;
  EXPECT_EQ(second_finished.exit_code, 0) << second_finished.output;
}

}  // namespace
}  // namespace faultline::end_to_end
