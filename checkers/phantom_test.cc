#include "checkers/phantom.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

TEST(Phantom, AValueThatNobodyPublishedIsFound) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  const auto read = b.read(2, {1, 2}, 20, 21);
  b.drain(100, {{1, 1}});
  const auto result = check_phantom(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "never_written"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations, std::vector{read});
}

TEST(Phantom, AMessageOfAnotherRunIsFound) {
  HistoryBuilder b;
  b.answer(OperationKind::read, Answer::foreign, 1, 20, 21);
  const auto result = check_phantom(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "foreign"), 1u);
}

TEST(Phantom, AReadThatEndedBeforeThePublishBeganIsFound) {
  HistoryBuilder b;
  const auto read = b.read(1, {1, 1}, 5, 9);
  const auto publish = b.publish(1, 1, 10, 15, 1);
  b.drain(100, {{1, 1}});
  const auto result = check_phantom(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "early"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations, (std::vector{read, publish}));
}

TEST(Phantom, AReadThatOverlapsThePublishIsNone) {
  HistoryBuilder b;
  b.read(1, {1, 1}, 5, 10);
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_phantom(b.build()).verdict, Verdict::pass);
}

TEST(Phantom, AnUnknownOrRefusedPublishWasWritten) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10);
  b.failed_publish(1, 2, 20, 25);
  b.drain(100, {{1, 1}, {1, 2}});
  EXPECT_EQ(check_phantom(b.build()).verdict, Verdict::pass);
}

TEST(Phantom, AValueThatWasReadAfterARefusedPublishAndBeforeItWasSentAgainIsAnAbortedRead) {
  HistoryBuilder b;
  b.failed_publish(1, 1, 1, 2);
  b.read(1, {1, 1}, 5, 6);
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_phantom(b.build()).verdict, Verdict::pass);
}

Expected naive(const History& history) {
  std::uint64_t reads = 0, never_written = 0, foreign = 0, early = 0;
  for (const auto& read : history.operations) {
    if (!naive_reads(read)) continue;
    foreign += read.answer == Answer::foreign;
    reads += read.answer == Answer::foreign || read.answer == Answer::message;
    if (read.answer != Answer::message) continue;
    bool written = false, before = true;
    for (const auto& o : history.operations) {
      if (!naive_publishes(o, read.value)) continue;
      written = true;
      before = before && read.completed < o.invoked;
    }
    never_written += !written;
    early += written && before;
  }
  const auto phantom = never_written + foreign + early;
  return {naive_verdict(history, phantom > 0, reads > 0),
          {{"reads", reads},
           {"phantom", phantom},
           {"never_written", never_written},
           {"foreign", foreign},
           {"early", early}}};
}

TEST(Phantom, AgreesWithTheNaiveReference) { expect_agreement(check_phantom, naive); }

}  // namespace
}  // namespace faultline::testing
