#include "checkers/offset_consistency.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

TEST(OffsetConsistency, TwoAcknowledgementsOfOneSequenceAreFound) {
  HistoryBuilder b;
  const auto first = b.publish(1, 1, 10, 15, 1);
  const auto second = b.publish(2, 1, 20, 25, 1);
  b.drain(100, {{2, 1}});
  const auto result = check_offset_consistency(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "conflicting"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations, (std::vector{first, second}));
}

TEST(OffsetConsistency, AReadThatContradictsTheAcknowledgementIsFound) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.unknown_publish(2, 1, 10);
  b.read(1, {2, 1}, 20, 21);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(count(check_offset_consistency(b.build()), "conflicting"), 1u);
}

TEST(OffsetConsistency, TwoReadsOfOneSequenceThatDifferAreFound) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10);
  b.unknown_publish(2, 1, 10);
  b.read(1, {2, 1}, 20, 21);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::fail);
}

TEST(OffsetConsistency, AnAcknowledgedMessageThatIsReadElsewhereIsFound) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 7);
  b.drain(100, {{1, 1}});
  const auto result = check_offset_consistency(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "moved"), 1u);
}

TEST(OffsetConsistency, ADuplicateKeepsItsSequence) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 2);
  b.drain(100, {{1, 1}, {1, 1}});
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::pass);
}

TEST(OffsetConsistency, TheSameValueReadAgainIsConsistent) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.read(1, {1, 1}, 20, 21);
  b.direct_read(1, {9, 9}, 20, 21);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::pass);
}

TEST(OffsetConsistency, AStreamThatStartsAgainIsConsistentOnlyWhereLossIsNotPromised) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.publish(1, 2, 50, 55, 1);
  b.drain(100, {{1, 2}});
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::fail);
  b.header().expectations.loss = LossPromise::not_promised;
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::pass);
}

TEST(OffsetConsistency, AStreamThatStartsAgainIsUnknownWithoutAFinishedDrain) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.publish(1, 2, 50, 55, 1);
  b.event(100, DrainFinished{false, false, 1, 1, "gave up"});
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::fail);
  b.header().expectations.loss = LossPromise::not_promised;
  const auto result = check_offset_consistency(b.build());
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_EQ(result.reason,
            "1 sequence with several values, of which all but one may be of a log that was lost: "
            "the final drain did not finish: gave up");
  EXPECT_TRUE(result.samples.empty());
  b.read(7, {1, 1}, 60, 61);
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::fail) << "it moved";
}

// The first was read at 2, and then its log was lost.
HistoryBuilder sent_again_to_another_log() {
  HistoryBuilder b;
  b.header().expectations.loss = LossPromise::not_promised;
  b.unknown_publish(1, 1, 10, 12);
  b.read(2, {1, 1}, 20, 21);
  b.publish(2, 1, 60, 65, 2);
  b.drain(100, {{1, 1}, {2, 1}});
  return b;
}

TEST(OffsetConsistency, AValueThatWasSentAgainMayBeElsewhereInTheNextLog) {
  auto b = sent_again_to_another_log();
  EXPECT_EQ(count(check_offset_consistency(b.build()), "conflicting"), 1u) << "sent but once";
  b.publish(1, 1, 50, 55, 1);
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::pass);
  b.header().expectations.loss = LossPromise::none;
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::fail);
}

TEST(OffsetConsistency, NeitherARefusalNorADuplicateIsSentAgain) {
  auto refused = sent_again_to_another_log();
  refused.failed_publish(1, 1, 50, 55);
  EXPECT_EQ(check_offset_consistency(refused.build()).verdict, Verdict::fail);
  auto duplicate = sent_again_to_another_log();
  auto again = duplicate.build().operations[0];
  again.outcome = Outcome::ok;
  again.duplicate = true;
  again.sequence = 1;
  duplicate.operation(again);
  EXPECT_EQ(check_offset_consistency(duplicate.build()).verdict, Verdict::fail);
}

TEST(OffsetConsistency, AnAcknowledgedValueThatWasSentAgainMayBeElsewhereInTheNextLog) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  b.publish(1, 1, 20, 25, 7);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(count(check_offset_consistency(b.build()), "moved"), 1u);
  b.header().expectations.loss = LossPromise::not_promised;
  EXPECT_EQ(check_offset_consistency(b.build()).verdict, Verdict::pass);
}

Expected naive(const History& history) {
  const auto drain = naive_drain(history);
  const bool none_is_lost = history.header.expectations.loss == LossPromise::none;
  const auto may_be_in_two_logs = [&](Value value) {
    std::size_t sends = 0;
    for (const auto& o : history.operations)
      sends += naive_publishes(o, value) &&
               (o.outcome == Outcome::unknown || (o.outcome == Outcome::ok && !o.duplicate));
    return !none_is_lost && sends > 1;
  };
  const auto claims = [&](const Operation& o) {
    if (o.kind == OperationKind::publish ? o.outcome != Outcome::ok || o.sequence == 0
                                         : !naive_brings(o, o.value))
      return false;
    if (!drain.finished || none_is_lost) return true;
    return std::ranges::any_of(drain.messages, [&](const Operation& m) {
      return m.value == o.value && (m.sequence == o.sequence || !may_be_in_two_logs(o.value));
    });
  };
  std::set<std::uint64_t> sequences, conflicting;
  for (const auto& a : history.operations) {
    if (!claims(a)) continue;
    sequences.insert(a.sequence);
    for (const auto& b : history.operations)
      if (claims(b) && a.sequence == b.sequence && a.value != b.value)
        conflicting.insert(a.sequence);
  }
  std::set<Value> moved;
  for (const auto& a : history.operations) {
    if (a.kind != OperationKind::publish || a.outcome != Outcome::ok || a.sequence == 0) continue;
    bool there = false, elsewhere = false;
    for (const auto& o : history.operations)
      if (naive_brings(o, a.value)) (o.sequence == a.sequence ? there : elsewhere) = true;
    if (elsewhere && !there && !may_be_in_two_logs(a.value)) moved.insert(a.value);
  }
  const bool read = naive_any(history, [](const Operation& o) { return naive_brings(o, o.value); });
  const bool conflict = !conflicting.empty() && (drain.finished || none_is_lost);
  return {naive_verdict(history, conflict || !moved.empty(), read),
          {{"sequences", sequences.size()},
           {"conflicting", conflicting.size()},
           {"moved", moved.size()}}};
}

TEST(OffsetConsistency, AgreesWithTheNaiveReference) {
  expect_agreement(check_offset_consistency, naive, 2);
}

}  // namespace
}  // namespace faultline::testing
