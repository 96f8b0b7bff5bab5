#include "checkers/duplicate.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

TEST(Duplicate, OneValueAtTwoSequencesIsFound) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {{1, 1}, {1, 1}, {1, 1}});
  const auto result = check_duplicate(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "duplicates"), 1u);
  EXPECT_EQ(count(result, "extra_copies"), 2u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].what, "value 1/1 is stored as sequence 1 and as 2");
  EXPECT_EQ(result.samples[0].operations.size(), 2u);
}

TEST(Duplicate, ARedeliveryIsNone) {
  HistoryBuilder b;
  b.consumer(9, "g");
  b.publish(1, 1, 10, 15, 1);
  b.deliver(9, 1, {1, 1}, 20, 21);
  b.deliver(9, 1, {1, 1}, 30, 31, 2);
  b.read(1, {1, 1}, 40, 41);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::pass);
}

TEST(Duplicate, AnAcknowledgementThatSaysDuplicateIsNoStore) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  auto again = b.build().operations[0];
  again.outcome = Outcome::ok;
  again.duplicate = true;
  again.sequence = 1;
  again.invoked = 20;
  again.completed = 25;
  b.operation(again);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::pass);
}

TEST(Duplicate, NoneSeenInAnUnfinishedDrainIsUnknownButOneSeenIsFound) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.read(1, {1, 1}, 20, 21);
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::unknown);
  b.read(2, {1, 1}, 30, 31);
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::fail);
}

// The log begins anew, and what was not acknowledged is sent again.
TEST(Duplicate, AValueThatWasSentAgainAfterItsLogWasLostIsNone) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  b.read(500, {1, 1}, 20, 21);
  b.publish(1, 1, 50, 55, 3);
  b.read(3, {1, 1}, 60, 61);
  b.publish(1, 2, 62, 63, 1);
  b.publish(1, 3, 64, 65, 2);
  b.drain(100, {{1, 2}, {1, 3}, {1, 1}});
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::pass);
}

TEST(Duplicate, AValueThatWasSentAgainIsOneWhereBothCopiesWereThereAtOneTime) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  b.publish(1, 1, 50, 55, 3);
  b.read(1, {1, 1}, 60, 61);
  b.read(3, {1, 1}, 62, 63);
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::unknown) << "each only once";
  b.read(1, {1, 1}, 64, 65);
  b.read(3, {1, 1}, 66, 67);
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::fail);
}

TEST(Duplicate, AValueThatWasSentAgainIsOneWhereTheDrainHasBothCopies) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  b.publish(1, 1, 50, 55, 2);
  b.drain(100, {{1, 1}, {1, 1}});
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::fail);
}

TEST(Duplicate, ARefusedPublishExcusesNoSecondCopy) {
  HistoryBuilder b;
  b.failed_publish(1, 1, 10, 15);
  b.publish(1, 1, 20, 25, 1);
  b.publish(1, 2, 26, 27, 2);
  b.read(1, {1, 1}, 30, 31);
  b.event(100, PhaseStarted{"drain"});
  b.answer(OperationKind::drain_read, Answer::absent, 1, 101, 102);
  b.drain_read(2, {1, 2}, 103, 104);
  b.drain_read(3, {1, 1}, 105, 106);
  b.event(110, DrainFinished{true, false, 1, 3, ""});
  const auto result = check_duplicate(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "extra_copies"), 1u);
}

TEST(Duplicate, AnAcknowledgementThatSaysDuplicateExcusesNoSecondCopy) {
  HistoryBuilder b;
  auto again = b.publish(1, 1, 10, 15, 1);
  again.duplicate = true;
  again.invoked = 20;
  again.completed = 25;
  b.operation(again);
  b.read(7, {1, 1}, 16, 17);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::fail);
}

TEST(Duplicate, MoreCopiesThanSendsAreFoundThoughNoTwoWereSeenAtOneTime) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  b.unknown_publish(1, 1, 20, 22);
  b.read(3, {1, 1}, 30, 31);
  b.read(6, {1, 1}, 40, 41);
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::unknown);
  b.read(9, {1, 1}, 50, 51);
  const auto result = check_duplicate(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "extra_copies"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].what,
            "value 1/1 is stored as sequence 3 and as 6, more often than it was sent");
}

TEST(Duplicate, ASendThatCameAfterASecondCopyExcusesItNot) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  b.read(3, {1, 1}, 20, 21);
  b.read(6, {1, 1}, 30, 31);
  b.unknown_publish(1, 1, 40, 42);
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::fail);
}

// In minutes, were every two of them compared.
TEST(Duplicate, OneValueMayBeReadAtVeryManySequences) {
  constexpr std::uint64_t copies = 200'000 / share;
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 12);
  b.unknown_publish(1, 1, 20, 22);
  for (std::uint64_t i = 1; i <= copies; ++i) {
    const auto time = static_cast<Time>(100 + 10 * i);
    b.read(i, {1, 1}, time, time + 5);
  }
  EXPECT_EQ(count(check_duplicate(b.build()), "extra_copies"), copies - 2);
}

TEST(Duplicate, DirectReadsAreNotJudged) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.direct_read(2, {1, 1}, 20, 21);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::pass);
}

bool naive_beside(const std::vector<Operation>& a, const std::vector<Operation>& b) {
  const auto is_drain = [](const auto& o) { return o.kind == OperationKind::drain_read; };
  const auto later = [](const auto& all, const auto& than) {
    return std::ranges::any_of(all, [&](const auto& o) {
      return std::ranges::any_of(than, [&](const auto& p) { return p.completed < o.invoked; });
    });
  };
  return (std::ranges::any_of(a, is_drain) && std::ranges::any_of(b, is_drain)) ||
         (later(a, b) && later(b, a));
}

// Looks at every moment at which anything was read.
std::uint64_t naive_more_than_sends(const History& history, Value value) {
  std::uint64_t most = 0;
  for (const auto& moment : history.operations) {
    std::set<std::uint64_t> copies;
    std::uint64_t sends = 0;
    for (const auto& o : history.operations) {
      if (naive_brings(o, value) && o.completed <= moment.completed) copies.insert(o.sequence);
      const bool stored_nothing = o.outcome == Outcome::ok && o.duplicate;
      sends += naive_publishes(o, value) && o.outcome != Outcome::fail && !stored_nothing &&
               o.invoked <= moment.completed;
    }
    const auto possible = sends == 0 ? 1 : sends;  // none at all: a phantom, or an aborted read
    if (naive_brings(moment, value) && copies.size() > possible)
      most = std::max<std::uint64_t>(most, copies.size() - possible);
  }
  return most;
}

Expected naive(const History& history) {
  std::uint64_t values = 0, duplicates = 0, extra = 0;
  for (const auto value :
       naive_values(history, [](const auto& o) { return naive_brings(o, o.value); })) {
    ++values;
    std::map<std::uint64_t, std::vector<Operation>> copies;
    for (const auto& o : history.operations)
      if (naive_brings(o, value)) copies[o.sequence].push_back(o);
    std::uint64_t together = 0;
    for (const auto& [sequence, reads] : copies)
      together += std::ranges::any_of(copies, [&](const auto& other) {
        return other.first != sequence && naive_beside(reads, other.second);
      });
    auto found = naive_more_than_sends(history, value);
    if (together > 1) found = std::max(found, together - 1);
    duplicates += found > 0;
    extra += found;
  }
  return {naive_verdict(history, duplicates > 0, values > 0),
          {{"values", values}, {"duplicates", duplicates}, {"extra_copies", extra}}};
}

TEST(Duplicate, AgreesWithTheNaiveReference) { expect_agreement(check_duplicate, naive, 2); }

}  // namespace
}  // namespace faultline::testing
