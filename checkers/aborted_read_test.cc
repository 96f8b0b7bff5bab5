#include "checkers/aborted_read.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

TEST(AbortedRead, ARefusedPublishThatIsReadIsFound) {
  HistoryBuilder b;
  const auto publish = b.failed_publish(1, 1, 10, 15);
  const auto read = b.read(1, {1, 1}, 20, 21);
  b.drain(100, {});
  const auto result = check_aborted_read(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "aborted_reads"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations, (std::vector{publish, read}));
}

TEST(AbortedRead, AnUnknownPublishMayBeRead) {
  HistoryBuilder b;
  b.failed_publish(1, 1, 10, 15);
  b.unknown_publish(1, 2, 20);
  b.drain(100, {{1, 2}});
  const auto result = check_aborted_read(b.build());
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(count(result, "refused"), 1u);
}

TEST(AbortedRead, AnotherPublishMayHaveWrittenIt) {
  HistoryBuilder b;
  b.failed_publish(1, 1, 10, 15);
  b.unknown_publish(1, 1, 20);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_aborted_read(b.build()).verdict, Verdict::pass);
}

TEST(AbortedRead, AValueThatWasReadBeforeItWasSentAgainIsFound) {
  HistoryBuilder b;
  const auto refused = b.failed_publish(1, 1, 1, 2);
  const auto read = b.read(2, {1, 1}, 5, 6);
  b.publish(1, 2, 8, 9, 1);
  auto again = refused;
  again.outcome = Outcome::ok;
  again.duplicate = true;
  again.sequence = 2;
  again.invoked = 10;
  again.completed = 15;
  b.operation(again);
  b.drain(100, {{1, 2}, {1, 1}});
  const auto result = check_aborted_read(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "aborted_reads"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations, (std::vector{refused, read}));
}

TEST(AbortedRead, AReadThatOverlapsThePublishThatWasSentAgainIsNone) {
  HistoryBuilder b;
  b.failed_publish(1, 1, 1, 2);
  b.read(1, {1, 1}, 5, 10);
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {{1, 1}});
  const auto result = check_aborted_read(b.build());
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(count(result, "refused"), 0u) << "in the end it was not";
}

TEST(AbortedRead, AReadThatEndedBeforeAnyPublishBeganIsAPhantom) {
  HistoryBuilder b;
  b.read(1, {1, 1}, 5, 9);
  b.failed_publish(1, 1, 10, 15);
  b.drain(100, {});
  EXPECT_EQ(check_aborted_read(b.build()).verdict, Verdict::pass);
}

Expected naive(const History& history) {
  std::uint64_t refused = 0, aborted = 0;
  const auto fails = [](const Operation& o) {
    return o.kind == OperationKind::publish && o.outcome == Outcome::fail;
  };
  for (const auto value : naive_values(history, fails)) {
    const auto sent = [&](Time by, bool refused) {
      return naive_any(history, [&](const Operation& o) {
        return naive_publishes(o, value) && o.invoked <= by &&
               (o.outcome == Outcome::fail) == refused;
      });
    };
    const bool found = naive_any(history, [&](const Operation& o) {
      return naive_brings(o, value) && sent(o.completed, true) && !sent(o.completed, false);
    });
    aborted += found;
    refused += found || !sent(never, false);
  }
  const bool read = naive_any(history, [](const Operation& o) { return naive_brings(o, o.value); });
  return {naive_verdict(history, aborted > 0, read),
          {{"refused", refused}, {"aborted_reads", aborted}}};
}

TEST(AbortedRead, AgreesWithTheNaiveReference) { expect_agreement(check_aborted_read, naive, 2); }

}  // namespace
}  // namespace faultline::testing
