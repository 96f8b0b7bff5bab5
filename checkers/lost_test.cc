#include "checkers/lost.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

TEST(Lost, AcknowledgedButNotReadBackIsFound) {
  HistoryBuilder b;
  for (std::uint64_t i = 1; i <= 5; ++i) b.publish(1, i, 10 * i, 10 * i + 5, i);
  b.publish(2, 1, 12, 13, 6);
  b.drain(100, {{1, 2}, {1, 4}});
  const auto result = check_lost(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_TRUE(result.judged);
  EXPECT_EQ(result.observed, "4");
  EXPECT_EQ(count(result, "acknowledged"), 6u);
  EXPECT_EQ(count(result, "lost_beginning"), 1u);
  EXPECT_EQ(count(result, "lost_middle"), 1u);
  EXPECT_EQ(count(result, "lost_end"), 1u);
  EXPECT_EQ(count(result, "lost_whole"), 1u);
}

TEST(Lost, EvidenceIsThePublishAndWhatWasDrainedAroundIt) {
  HistoryBuilder b;
  for (std::uint64_t i = 1; i <= 3; ++i) b.publish(1, i, 10 * i, 10 * i + 5, i);
  const auto lost = b.publish(1, 4, 70, 75, 2);
  b.drain(100, {{1, 1}, {1, 2}, {1, 3}});
  const auto result = check_lost(b.build());
  ASSERT_EQ(result.samples.size(), 1u);
  const auto& [what, operations] = result.samples[0];
  EXPECT_EQ(what, "value 1/4, acknowledged as sequence 2, was not read back");
  ASSERT_EQ(operations.size(), 4u);
  EXPECT_EQ(operations[0], lost);
  for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(operations[i].sequence, i);
}

TEST(Lost, NeitherUnknownNorRefusedPublishesAreMissed) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.unknown_publish(1, 2, 20);
  b.failed_publish(1, 3, 30, 35);
  b.unknown_publish(1, 4, 40);
  b.drain(100, {{1, 1}, {1, 4}});
  const auto result = check_lost(b.build());
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(result.observed, "none");
  EXPECT_EQ(count(result, "recovered"), 1u);
}

TEST(Lost, MatchesByValueWhenSequencesStartAgain) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 7);
  b.publish(1, 2, 20, 25, 8);
  b.drain(100, {{1, 1}, {1, 2}});
  EXPECT_EQ(check_lost(b.build()).verdict, Verdict::pass);
}

TEST(Lost, AnotherValueAtTheSequenceIsNoneOfOurs) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.unknown_publish(2, 1, 20);
  b.drain(100, {{2, 1}});
  EXPECT_EQ(check_lost(b.build()).verdict, Verdict::fail);
}

TEST(Lost, AStreamThatIsGoneLostEverything) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.publish(1, 2, 20, 25, 2);
  b.read(1, {1, 1}, 30, 31);
  b.event(100, DrainFinished{false, true, 0, 0, "stream not found"});
  const auto result = check_lost(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.observed, "2");
}

// A server says first and last sequence 0 of a stream that never held anything, and of one
// whose files are gone.
TEST(Lost, AStreamThatIsThereButEmptiedLostEverything) {
  HistoryBuilder b;
  b.header().replicas = 3;
  for (std::uint64_t i = 1; i <= 200; ++i) b.publish(1, i, 10, 15, i);
  b.event(100, PhaseStarted{"drain"});
  for (const auto* server : {"n1", "n2", "n3"})
    b.event(110, ReplicaState{server, true, true, 0, 0, 0, 0, 0});
  b.event(120, DrainFinished{true, false, 0, 0, ""});
  const auto result = check_lost(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "lost"), 200u);
}

TEST(Lost, AnEmptyDrainThatDidNotFinishIsUnknown) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.event(120, DrainFinished{false, false, 0, 0, "the stream's leader did not answer"});
  EXPECT_EQ(check_lost(b.build()).verdict, Verdict::unknown);
}

TEST(Lost, AnUnfinishedDrainIsUnknown) {
  HistoryBuilder unfinished;
  unfinished.publish(1, 1, 10, 15, 1);
  unfinished.event(100, DrainFinished{false, false, 1, 1, "not finished within 60 s"});
  const auto result = check_lost(unfinished.build());
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_EQ(result.reason, "the final drain did not finish: not finished within 60 s");
  EXPECT_TRUE(result.samples.empty());

  HistoryBuilder missing;
  missing.publish(1, 1, 10, 15, 1);
  EXPECT_EQ(check_lost(missing.build()).verdict, Verdict::unknown);
}

TEST(Lost, ADrainThatClaimsMoreThanItReadIsUnknown) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.unanswered(OperationKind::drain_read, 1, 90, 95);
  b.event(100, DrainFinished{true, false, 1, 1, ""});
  EXPECT_EQ(check_lost(b.build()).verdict, Verdict::unknown);
}

TEST(Lost, AStreamThatStartsAgainDuringTheDrainIsReadAgain) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.publish(1, 2, 20, 25, 2);
  b.drain_read(1, {1, 1}, 50, 51);
  b.drain_read(2, {1, 2}, 52, 53);
  b.drain(100, {{1, 2}});
  EXPECT_EQ(check_lost(b.build()).observed, "1");
}

TEST(Lost, NothingAcknowledgedIsUnknown) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10);
  b.drain(100, {{1, 1}});
  EXPECT_EQ(check_lost(b.build()).verdict, Verdict::unknown);
}

TEST(Lost, IsMeasuredWhereItIsNotPromised) {
  HistoryBuilder b;
  b.header().expectations.loss = LossPromise::not_promised;
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {});
  const auto result = check_lost(b.build());
  EXPECT_FALSE(result.judged);
  EXPECT_EQ(result.observed, "1");
}

TEST(Lost, DirectReadsReadNothingBack) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {});
  b.direct_read(1, {1, 1}, 110, 111);
  EXPECT_EQ(check_lost(b.build()).verdict, Verdict::fail);
}

Expected naive(const History& history) {
  const auto drain = naive_drain(history);
  const auto read = [&](Value value) {
    return std::ranges::any_of(drain.messages, [&](const auto& o) { return o.value == value; });
  };
  std::map<std::string, std::uint64_t> counts{{"acknowledged", 0}, {"read", 0}, {"recovered", 0}};
  if (drain.finished)
    counts.insert({{"lost", 0},
                   {"lost_beginning", 0},
                   {"lost_middle", 0},
                   {"lost_end", 0},
                   {"lost_whole", 0}});
  const auto publish = [](const Operation& o) { return o.kind == OperationKind::publish; };
  for (const auto value : naive_values(history, publish)) {
    const auto with = [&](Outcome outcome) {
      return naive_any(history, [&](const Operation& o) {
        return naive_publishes(o, value) && o.outcome == outcome;
      });
    };
    if (!with(Outcome::ok)) {
      counts["recovered"] += with(Outcome::unknown) && read(value);
      continue;
    }
    ++counts["acknowledged"];
    if (read(value)) {
      ++counts["read"];
      continue;
    }
    bool earlier = false, later = false;
    for (const auto& o : drain.messages) {
      if (o.value.producer != value.producer) continue;
      (o.value.counter < value.counter ? earlier : later) = true;
    }
    ++counts["lost"];
    ++counts[earlier && later ? "lost_middle"
             : later          ? "lost_beginning"
             : earlier        ? "lost_end"
                              : "lost_whole"];
  }
  Expected expected;
  const bool known = drain.finished && counts["acknowledged"] > 0;
  if (known) expected.verdict = counts["lost"] > 0 ? Verdict::fail : Verdict::pass;
  if (!known)
    for (const auto* name : {"lost", "lost_beginning", "lost_middle", "lost_end", "lost_whole"})
      counts.erase(name);
  expected.counts = counts;
  return expected;
}

TEST(Lost, AgreesWithTheNaiveReference) { expect_agreement(check_lost, naive); }

}  // namespace
}  // namespace faultline::testing
