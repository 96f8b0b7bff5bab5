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
    std::set<std::uint64_t> sequences;
    for (const auto& o : history.operations)
      if (naive_brings(o, value)) sequences.insert(o.sequence);
    ++values;
    duplicates += sequences.size() > 1;
    extra += sequences.size() - 1;
  }
  return {naive_verdict(history, duplicates > 0, values > 0),
          {{"values", values}, {"duplicates", duplicates}, {"extra_copies", extra}}};
}

TEST(Duplicate, AgreesWithTheNaiveReference) { expect_agreement(check_duplicate, naive, 2); }

}  // namespace
}  // namespace faultline::testing
