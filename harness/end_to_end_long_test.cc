// What takes longer: the whole page, and the known issue on versions that have
// it and versions that do not.
#include <gtest/gtest.h>

#include <algorithm>

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

struct Trials {
  std::string version;
  int exit_code;
};

void PrintTo(const Trials& trials, std::ostream* out) { *out << trials.version; }

class Nats6888 : public ::testing::TestWithParam<Trials> {};

TEST_P(Nats6888, IsThereEachTimeOrNever) {
  const auto& [version, exit_code] = GetParam();
  for (int trial = 0; trial < 5; ++trial) {
    const Results results;
    const Finished finished =
        faultline({"run", scenario("known-issues/nats-6888.yaml").string(), "--broker-version",
                   version, "--results", results.path().string()});
    EXPECT_EQ(finished.exit_code, exit_code) << finished.output;
    const auto lost = check(results.run_json("nats-6888"), "lost");
    if (exit_code == 1) {
      EXPECT_EQ(lost["counts"]["lost"], lost["counts"]["acknowledged"]) << "the whole stream";
      EXPECT_NE(finished.output.find("known: nats-server#6888"), std::string::npos);
    } else {
      EXPECT_EQ(lost["counts"]["lost"], 0);
    }
    EXPECT_GT(lost["counts"]["acknowledged"], 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(FiveTimes, Nats6888,
                         ::testing::Values(Trials{"2.10.7", 1}, Trials{"2.10.22", 1},
                                           Trials{"2.10.29", 0}, Trials{"2.12.1", 0}),
                         [](const auto& info) {
                           std::string name = info.param.version;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

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
