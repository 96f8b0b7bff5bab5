#include "harness/report/page/dots.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "checkers/testing.h"
#include "harness/report/page/bins.h"

namespace faultline {
namespace {

using Key = std::pair<OperationKind, Outcome>;

Interval whole(const History& history) {
  const Timeline line = timeline(history);
  return {line.start, line.end};
}

std::map<Key, std::uint64_t> counts(const History& history) {
  std::map<Key, std::uint64_t> all;
  for (const Operation& o : history.operations) ++all[{o.kind, o.outcome}];
  return all;
}

std::map<Key, std::uint64_t> counts(const Dots& dots) {
  std::map<Key, std::uint64_t> all;
  for (const DotSeries& series : dots.series)
    for (const Dot& dot : series.dots) all[{series.kind, series.outcome}] += dot.count;
  return all;
}

History random_times(std::mt19937_64& random, std::size_t operations) {
  testing::HistoryBuilder builder;
  for (std::size_t i = 0; i < operations; ++i) {
    Operation o;
    o.kind = static_cast<OperationKind>(random() % 6);
    o.outcome = static_cast<Outcome>(random() % 3);
    o.invoked = static_cast<Time>(random() % (100 * second));
    o.completed = random() % 8 == 0 ? never : o.invoked + (Duration{1} << random() % 36);
    builder.operation(o);
  }
  return builder.build();
}

TEST(Dots, FewOperationsAreADotEach) {
  std::mt19937_64 random(1);
  const History history = random_times(random, 1000);
  const Dots dots = thinned(history, whole(history), 1000);
  EXPECT_EQ(dots.columns, 0u);
  EXPECT_EQ(dots.dots, 1000u);
  EXPECT_EQ(counts(dots), counts(history));
}

TEST(Dots, ThinningKeepsCountsExactAndStaysBelowTheLimit) {
  const auto seed = testing::test_seed();
  SCOPED_TRACE("FAULTLINE_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 10; ++round) {
    const History history = random_times(random, 1 + random() % 60'000);
    const std::size_t most = 100 + random() % 5000;
    const Dots dots = thinned(history, whole(history), most);
    EXPECT_LE(dots.dots, std::max(most, std::size_t{100}));
    EXPECT_EQ(counts(dots), counts(history));
    for (const DotSeries& series : dots.series)
      for (const Dot& dot : series.dots) {
        EXPECT_EQ(history.operations[dot.operation].kind, series.kind);
        EXPECT_EQ(history.operations[dot.operation].outcome, series.outcome);
      }
  }
}

// Of one place, so that the first is known.
TEST(Dots, ADotIsTheFirstOperationOfItsPlace) {
  testing::HistoryBuilder builder;
  for (std::uint64_t i = 0; i < 50; ++i)
    builder.publish(1, i + 1, second + static_cast<Time>(i), second + 1000 + static_cast<Time>(i),
                    i + 1);
  builder.publish(2, 1, 100 * second, 101 * second, 99);
  const History history = builder.build();
  const Dots dots = thinned(history, whole(history), 10);
  ASSERT_EQ(dots.series.size(), 1u);
  ASSERT_EQ(dots.series[0].dots.size(), 2u);
  EXPECT_EQ(dots.series[0].dots[0].operation, 0u);
  EXPECT_EQ(dots.series[0].dots[0].count, 50u);
  EXPECT_EQ(dots.series[0].dots[1].operation, 50u);
}

TEST(Dots, AnyTimesAreDrawn) {
  testing::HistoryBuilder builder;
  for (const Time time : {Time{0}, Time{1}, never - 1, std::numeric_limits<Time>::min()})
    builder.operation([&] {
      Operation o;
      o.invoked = time;
      o.completed = never - 1;
      return o;
    }());
  const History history = builder.build();
  EXPECT_EQ(counts(thinned(history, whole(history), 2)), counts(history));
  EXPECT_GT(bins(history, whole(history), 60, second).bins.size(), 1u);
}

TEST(Bins, HoldEveryOperationOnce) {
  testing::HistoryBuilder builder;
  builder.publish(1, 1, 0, second / 2, 1);
  builder.publish(1, 2, second, second + second / 4, 2);
  builder.read(1, {1, 1}, second, 2 * second);
  builder.failed_publish(1, 3, 2 * second, 2 * second);
  builder.unknown_publish(1, 4, 9 * second);
  const History history = builder.build();
  const Bins all = bins(history, {0, 10 * second}, 10, second);
  EXPECT_EQ(all.width, second);
  ASSERT_EQ(all.bins.size(), 10u);
  EXPECT_EQ(all.bins[0].writes, 1u);
  EXPECT_EQ(all.bins[1].writes, 1u);
  EXPECT_EQ(all.bins[1].slowest_write, second / 4);
  EXPECT_EQ(all.bins[2].reads, 1u);
  EXPECT_EQ(all.bins[2].failed, 1u);
  EXPECT_EQ(all.bins[9].unknown, 1u);
}

TEST(Bins, StepsAreRound) {
  EXPECT_DOUBLE_EQ(round_step(1), 1);
  EXPECT_DOUBLE_EQ(round_step(1.01), 2);
  EXPECT_DOUBLE_EQ(round_step(3), 5);
  EXPECT_DOUBLE_EQ(round_step(60), 100);
  EXPECT_DOUBLE_EQ(round_step(0.03), 0.05);
}

}  // namespace
}  // namespace faultline
