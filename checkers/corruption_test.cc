#include "checkers/corruption.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

TEST(Corruption, ABadChecksumIsFoundInEveryJudgedRead) {
  for (const auto kind : {OperationKind::read, OperationKind::deliver, OperationKind::drain_read}) {
    HistoryBuilder b;
    const auto read = b.answer(kind, Answer::corrupt, 1, 20, 21);
    const auto result = check_corruption(b.build());
    EXPECT_EQ(result.verdict, Verdict::fail);
    EXPECT_EQ(count(result, "corrupt"), 1u);
    ASSERT_EQ(result.samples.size(), 1u);
    EXPECT_EQ(result.samples[0].operations, std::vector{read});
  }
}

TEST(Corruption, DirectReadsAndLostAnswersAreNone) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.answer(OperationKind::direct_read, Answer::corrupt, 1, 20, 21);
  b.unanswered(OperationKind::read, 1, 20);
  b.answer(OperationKind::read, Answer::absent, 7, 20, 21);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_corruption(b.build()).verdict, Verdict::pass);
}

TEST(Corruption, SamplesAreBoundedAndCountsAreExact) {
  HistoryBuilder b;
  for (int i = 1; i <= 100; ++i) b.answer(OperationKind::read, Answer::corrupt, i, i, i + 1);
  const auto result = check_corruption(b.build());
  EXPECT_EQ(count(result, "corrupt"), 100u);
  EXPECT_EQ(result.samples.size(), max_samples);
}

TEST(Corruption, NothingReadIsUnknown) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {});
  EXPECT_EQ(check_corruption(b.build()).verdict, Verdict::unknown);
}

Expected naive(const History& history) {
  const auto answered = [&](Answer answer) -> std::uint64_t {
    return std::ranges::count_if(history.operations, [&](const Operation& o) {
      return naive_reads(o) && o.answer == answer;
    });
  };
  const auto corrupt = answered(Answer::corrupt);
  const auto reads = corrupt + answered(Answer::message) + answered(Answer::foreign);
  return {naive_verdict(history, corrupt > 0, reads > 0), {{"reads", reads}, {"corrupt", corrupt}}};
}

TEST(Corruption, AgreesWithTheNaiveReference) { expect_agreement(check_corruption, naive); }

}  // namespace
}  // namespace faultline::testing
