#include "checkers/dead_letter.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

constexpr std::uint32_t refuser = 14;
constexpr std::uint32_t most = 2;

// Two messages, each delivered twice.
HistoryBuilder refused() {
  HistoryBuilder b;
  b.header().expectations.dead_letters = DeadLetterPromise::all;
  b.event(0, ProcessStarted{refuser, "refusing", "refuses"});
  for (std::uint64_t i = 1; i <= 2; ++i) {
    b.publish(1, i, 10 * i, 10 * i + 5, i);
    for (std::uint32_t n = 1; n <= most; ++n) b.deliver(refuser, i, {1, i}, 50 + n, 55 + n, n);
  }
  b.drain(100, {{1, 1}, {1, 2}});
  return b;
}

CheckResult checked(HistoryBuilder b, std::vector<std::uint64_t> dead_letters,
                    bool complete = true) {
  b.event(200, DeadLettersSeen{"refuses", most, complete, std::move(dead_letters), "no answer"});
  return check_dead_letter(b.build());
}

TEST(DeadLetter, EveryMessageThatWasRefusedToTheEndIsOne) {
  const auto result = checked(refused(), {2, 1});
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_TRUE(result.judged);
  EXPECT_EQ(result.reason, "all 2 stored messages are dead letters");
}

TEST(DeadLetter, OneThatIsNoneIsFound) {
  const auto result = checked(refused(), {1});
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "missing"), 1u);
  EXPECT_TRUE(result.reason.starts_with("1 of 2 stored messages are no dead letters"))
      << result.reason;
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations[0].sequence, 2u);
}

TEST(DeadLetter, OneOfNoStoredMessageIsFound) {
  const auto result = checked(refused(), {1, 2, 7});
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "foreign"), 1u);
}

TEST(DeadLetter, ADeliveryCountedBeyondTheLimitIsFoundWhateverElseIsNotKnown) {
  auto b = refused();
  b.publish(1, 3, 35, 36, 3);
  b.deliver(refuser, 3, {1, 3}, 70, 75, most + 1);
  const auto result = checked(b, {}, false);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "delivered_too_often"), 1u);
}

TEST(DeadLetter, ADeliveryThatTheBrokerForgotToCountIsShownAndNoViolation) {
  auto b = refused();
  b.deliver(refuser, 1, {1, 1}, 70, 75, most);  // again: it died before it had counted
  const auto result = checked(b, {1, 2});
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(count(result, "seen_more_often"), 1u);
}

TEST(DeadLetter, OneThatNobodySawToItsLastDeliveryIsShown) {
  auto b = refused();
  b.publish(1, 3, 35, 36, 3);
  b.deliver(refuser, 3, {1, 3}, 70, 75, 1);
  b.drain(300, {{1, 1}, {1, 2}, {1, 3}});
  const auto result = checked(b, {1, 2, 3});
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(count(result, "seen_less_often"), 1u);
}

TEST(DeadLetter, OfAMessageThatWasLostLaterIsNotForeign) {
  auto b = refused();
  b.publish(1, 3, 35, 36, 3);
  const auto result = checked(b, {1, 2, 3});
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(count(result, "foreign"), 0u);
  EXPECT_EQ(count(result, "of_lost_messages"), 1u);
}

TEST(DeadLetter, OfASequenceThatWasUsedTwiceIsUnknown) {
  auto b = refused();
  b.publish(1, 9, 5, 6, 2);  // lost, and its sequence used again
  const auto result = checked(b, {1, 2});
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_TRUE(result.reason.starts_with("sequence 2 was used twice")) << result.reason;
}

TEST(DeadLetter, WhatNobodyToldIsUnknown) {
  EXPECT_EQ(check_dead_letter(refused().build()).verdict, Verdict::unknown);
  EXPECT_EQ(checked(refused(), {1}, false).verdict, Verdict::unknown);
  EXPECT_NE(checked(refused(), {1}, false).reason.find("no answer"), std::string::npos);
}

TEST(DeadLetter, OfAGroupThatDidNotGetEverythingIsUnknown) {
  auto b = refused();
  b.event(150, DrainFinished{true, false, 1, 2, "1 unacknowledged", {"refuses"}, {}});
  EXPECT_EQ(checked(b, {1}).verdict, Verdict::unknown);
  auto gone = refused();
  gone.event(150, DrainFinished{true, false, 1, 2, "", {}, {"refuses"}});
  EXPECT_EQ(checked(gone, {1}).verdict, Verdict::unknown);
}

TEST(DeadLetter, WhatIsNotPromisedOrWhereNobodyRefusesIsNotJudged) {
  auto b = refused();
  b.header().expectations.dead_letters = DeadLetterPromise::not_promised;
  EXPECT_FALSE(checked(b, {1}).judged);
  HistoryBuilder nobody;
  nobody.header().expectations.dead_letters = DeadLetterPromise::all;
  nobody.consumer(11, "durable");
  EXPECT_FALSE(check_dead_letter(nobody.build()).judged);
}

Expected naive(const History& history) {
  const auto drain = naive_drain(history);
  std::set<std::string> groups;
  std::map<std::uint32_t, std::string> group_of;
  for (const auto& event : history.events)
    if (const auto* p = std::get_if<ProcessStarted>(&event.what); p && p->role == "refusing") {
      groups.insert(p->group);
      group_of[p->process] = p->group;
    }
  Expected expected;
  std::uint64_t letters = 0, missing = 0, foreign = 0, too_often = 0;
  std::uint64_t of_lost = 0, seen_more_often = 0, seen_less_often = 0;
  bool known = !groups.empty();
  const auto uses = [&](std::uint64_t sequence) {  // nullopt: of something that is not ours
    std::set<std::optional<Value>> values;
    for (const auto& o : history.operations) {
      if (o.sequence != sequence || o.outcome != Outcome::ok) continue;
      if (o.kind == OperationKind::publish || naive_brings(o, o.value)) values.insert(o.value);
      if (o.answer == Answer::corrupt || o.answer == Answer::foreign) values.insert(std::nullopt);
    }
    return values;
  };
  const auto counted_of = [&](const std::string& group, std::uint64_t sequence) {
    std::pair<std::uint64_t, std::uint64_t> times_and_counted{0, 0};
    for (const auto& o : history.operations) {
      if (o.kind != OperationKind::deliver || !naive_brings(o, o.value) ||
          !group_of.contains(o.process) || group_of[o.process] != group || o.sequence != sequence)
        continue;
      ++times_and_counted.first;
      times_and_counted.second = std::max<std::uint64_t>(times_and_counted.second, o.deliveries);
    }
    return times_and_counted;
  };
  for (const auto& group : groups) {
    const DeadLettersSeen* seen = nullptr;
    for (const auto& event : history.events)
      if (const auto* s = std::get_if<DeadLettersSeen>(&event.what); s && s->group == group)
        seen = s;
    std::set<std::uint64_t> sequences;
    for (const auto& o : history.operations) sequences.insert(o.sequence);
    for (const auto sequence : sequences) {
      if (!seen) break;
      const auto [times, counted] = counted_of(group, sequence);
      seen_more_often += times > seen->most_deliveries;
      too_often += counted > seen->most_deliveries;
    }
    const auto named = [&](const auto& names) { return std::ranges::count(names, group) > 0; };
    if (!seen || !seen->complete || !drain.finished || named(drain.end.lagging_groups) ||
        named(drain.end.absent_groups)) {
      known = false;
      continue;
    }
    const std::set<std::uint64_t> dead(seen->sequences.begin(), seen->sequences.end());
    for (const auto sequence : dead) {
      const bool stored = std::ranges::any_of(
          drain.messages, [&](const Operation& o) { return o.sequence == sequence; });
      auto values = uses(sequence);
      if (!stored) {
        ++(values.empty() ? foreign : of_lost);
        continue;
      }
      ++letters;
      seen_less_often += counted_of(group, sequence).second < seen->most_deliveries;
      values.erase(std::nullopt);
      known = known && values.size() < 2;
    }
    for (const auto& message : drain.messages) missing += !dead.contains(message.sequence);
  }
  if (!groups.empty() && missing + foreign + too_often > 0)
    expected.verdict = Verdict::fail;
  else if (known)
    expected.verdict = naive_verdict(history, false, letters > 0);
  expected.counts = {{"stored", drain.messages.size()},
                     {"groups", groups.size()},
                     {"dead_letters", letters},
                     {"missing", missing},
                     {"foreign", foreign},
                     {"of_lost_messages", of_lost},
                     {"delivered_too_often", too_often},
                     {"seen_more_often", seen_more_often},
                     {"seen_less_often", seen_less_often}};
  return expected;
}

TEST(DeadLetter, AgreesWithTheNaiveReference) { expect_agreement(check_dead_letter, naive, 0); }

}  // namespace
}  // namespace faultline::testing
