#include "checkers/reorder.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

TEST(Reorder, APublishStoredBeforeAnOlderOneIsFound) {
  HistoryBuilder b;
  const auto second = b.publish(1, 1, 10, 15, 2);
  const auto first = b.publish(2, 1, 20, 25, 1);
  b.drain(100, {{2, 1}, {1, 1}});
  const auto result = check_reorder(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "reordered"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  const auto& operations = result.samples[0].operations;
  ASSERT_EQ(operations.size(), 3u);
  EXPECT_EQ(operations[0], second);
  EXPECT_EQ(operations[1], first);
  EXPECT_EQ(operations[2].kind, OperationKind::drain_read);
  EXPECT_EQ(operations[2].sequence, 2u);
}

TEST(Reorder, AnUnknownPublishIsPlacedWhereItWasRead) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 2);
  b.unknown_publish(1, 2, 20);
  b.drain(100, {{1, 2}, {1, 1}});
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::fail);
}

TEST(Reorder, ConcurrentPublishesHaveNoOrder) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, 2);
  b.publish(2, 1, 20, 25, 1);
  b.drain(100, {{2, 1}, {1, 1}});
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::pass);
}

TEST(Reorder, AnUnknownPublishMayBeStoredLate) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 15);
  b.publish(1, 2, 20, 25, 1);
  b.drain(100, {{1, 2}, {1, 1}});
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::pass);
}

TEST(Reorder, AStreamThatStartsAgainIsLossAndNoReordering) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.publish(1, 2, 20, 25, 2);
  b.read(2, {1, 2}, 30, 31);
  b.publish(1, 3, 50, 55, 1);
  b.drain(100, {{1, 3}});
  const auto result = check_reorder(b.build());
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(count(result, "restarted"), 1u);
  EXPECT_EQ(count(result, "reordered"), 0u);
}

TEST(Reorder, WithoutADrainARestartCannotBeToldFromAReordering) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 2);
  b.publish(1, 2, 20, 25, 1);
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::unknown);
  b.read(2, {1, 1}, 26, 27);
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::fail);
}

TEST(Reorder, APublishAcknowledgedAsDuplicateStoredNothing) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 5, 6);
  b.publish(2, 1, 10, 15, 2);
  auto again = b.build().operations[0];
  again.outcome = Outcome::ok;
  again.duplicate = true;
  again.sequence = 1;
  again.invoked = 20;
  again.completed = 25;
  b.operation(again);
  b.drain(100, {{1, 1}, {2, 1}});
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::pass);
}

TEST(Reorder, WhatIsSentAgainMayBeStoredSinceTheFirstTime) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 5, 6);
  b.publish(2, 1, 10, 15, 2);
  b.unknown_publish(1, 1, 20, 25);
  b.drain(100, {{1, 1}, {2, 1}});
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::pass);
}

TEST(Reorder, WhatWasSentFirstIsThatInvokedFirstWhateverSequenceItClaims) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 5, 6);
  b.publish(2, 1, 10, 15, 2);
  b.unknown_publish(1, 1, 20, 25);
  b.drain(100, {{1, 1}, {2, 1}});
  auto history = b.build();
  history.operations[0].sequence = 1;
  EXPECT_EQ(check_reorder(history).verdict, Verdict::pass);
}

TEST(Reorder, WhatWasAcknowledgedAndIsSentAgainLiesWhereItLay) {
  HistoryBuilder b;
  b.publish(1, 1, 5, 6, 1);
  b.publish(2, 1, 10, 15, 2);
  b.unknown_publish(1, 1, 20, 25);
  b.drain(100, {{1, 1}, {2, 1}});
  EXPECT_EQ(check_reorder(b.build()).verdict, Verdict::pass);
}

std::uint64_t naive_sequence(const History& history, const Operation& o) {
  if (o.kind != OperationKind::publish || o.outcome == Outcome::fail || o.duplicate) return 0;
  if (o.outcome == Outcome::ok && o.sequence > 0) return o.sequence;
  for (const auto& earlier : history.operations) {
    if (&earlier == &o) break;
    if (naive_publishes(earlier, o.value) && earlier.outcome != Outcome::fail) return 0;
  }
  std::uint64_t lowest = 0;
  bool read = false;
  for (const auto& r : history.operations) {
    if (!naive_brings(r, o.value)) continue;
    lowest = read ? std::min(lowest, r.sequence) : r.sequence;
    read = true;
  }
  return lowest;
}

Expected naive(const History& history) {
  const auto& all = history.operations;
  std::uint64_t publishes = 0, went_back = 0, reordered = 0;
  for (const auto& b : all) {
    const auto at_b = naive_sequence(history, b);
    if (at_b == 0) continue;
    ++publishes;
    bool back = false, wrong = false;
    for (const auto& a : all) {
      const auto at_a = naive_sequence(history, a);
      if (at_a <= at_b || a.outcome != Outcome::ok || a.completed == never ||
          a.completed >= b.invoked)
        continue;
      back = true;
      // Some read of `a` began after `b` was acknowledged or read.
      for (const auto& read_a : all) {
        if (!naive_brings(read_a, a.value) || read_a.sequence != at_a) continue;
        if (b.outcome == Outcome::ok && b.completed < read_a.invoked) wrong = true;
        for (const auto& read_b : all)
          if (naive_brings(read_b, b.value) && read_b.sequence == at_b &&
              read_b.completed < read_a.invoked)
            wrong = true;
      }
    }
    went_back += back;
    reordered += wrong;
  }
  return {
      naive_verdict(history, reordered > 0, publishes > 0),
      {{"publishes", publishes}, {"reordered", reordered}, {"restarted", went_back - reordered}}};
}

TEST(Reorder, AgreesWithTheNaiveReference) { expect_agreement(check_reorder, naive, 3); }

}  // namespace
}  // namespace faultline::testing
