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

TEST(Duplicate, DirectReadsAreNotJudged) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.direct_read(2, {1, 1}, 20, 21);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_duplicate(b.build()).verdict, Verdict::pass);
}

Expected naive(const History& history) {
  std::uint64_t values = 0, duplicates = 0, extra = 0;
  for (const auto value :
       naive_values(history, [](const auto& o) { return naive_brings(o, o.value); })) {
    std::map<std::uint64_t, std::vector<Operation>> copies;
    std::size_t published = 0;
    for (const auto& o : history.operations) {
      published += o.kind == OperationKind::publish && o.value == value;
      if (naive_brings(o, value)) copies[o.sequence].push_back(o);
    }
    ++values;
    const auto beside = [](const std::vector<Operation>& a, const std::vector<Operation>& b) {
      const auto is_drain = [](const auto& o) { return o.kind == OperationKind::drain_read; };
      const auto later = [](const auto& all, const auto& than) {
        return std::ranges::any_of(all, [&](const auto& o) {
          return std::ranges::any_of(than, [&](const auto& p) { return p.completed < o.invoked; });
        });
      };
      return (std::ranges::any_of(a, is_drain) && std::ranges::any_of(b, is_drain)) ||
             (later(a, b) && later(b, a));
    };
    std::uint64_t found = 0;
    for (const auto& [sequence, reads] : copies)
      found += published < 2 || std::ranges::any_of(copies, [&](const auto& other) {
                 return other.first != sequence && beside(reads, other.second);
               });
    duplicates += found > 1;
    if (found > 1) extra += found - 1;
  }
  return {naive_verdict(history, duplicates > 0, values > 0),
          {{"values", values}, {"duplicates", duplicates}, {"extra_copies", extra}}};
}

TEST(Duplicate, AgreesWithTheNaiveReference) { expect_agreement(check_duplicate, naive, 2); }

}  // namespace
}  // namespace faultline::testing
