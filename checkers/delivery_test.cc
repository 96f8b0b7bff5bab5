#include "checkers/delivery.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

HistoryBuilder three_messages() {
  HistoryBuilder b;
  b.consumer(11, "durable");
  b.consumer(12, "durable");
  b.consumer(13, "lagging");
  for (std::uint64_t i = 1; i <= 3; ++i) {
    b.publish(1, i, 10 * i, 10 * i + 5, i);
    b.deliver(13, i, {1, i}, 50 + i, 60 + i);
  }
  b.deliver(11, 1, {1, 1}, 50, 51);
  b.deliver(12, 3, {1, 3}, 52, 53);
  b.drain(100, {{1, 1}, {1, 2}, {1, 3}});
  return b;
}

TEST(Delivery, AStoredMessageThatAGroupNeverGotIsFound) {
  const auto result = check_delivery(three_messages().build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.reason, "1 of 3 stored messages never reached the group durable");
  EXPECT_EQ(count(result, "undelivered"), 1u);
  ASSERT_EQ(result.samples.size(), 1u);
  EXPECT_EQ(result.samples[0].operations[0].sequence, 2u);
}

TEST(Delivery, AnyProcessOfTheGroupWillDo) {
  auto b = three_messages();
  b.deliver(12, 2, {1, 2}, 110, 111);
  EXPECT_EQ(check_delivery(b.build()).verdict, Verdict::pass);
}

TEST(Delivery, ADeadLetterNeedNotHaveBeenSeen) {
  HistoryBuilder b;
  b.event(0, ProcessStarted{14, "refusing", "refuses"});
  b.publish(1, 1, 10, 15, 1);
  b.publish(1, 2, 20, 25, 2);
  b.deliver(14, 1, {1, 1}, 30, 31);
  b.drain(100, {{1, 1}, {1, 2}});
  EXPECT_EQ(check_delivery(b.build()).verdict, Verdict::fail);
  b.event(200, DeadLettersSeen{"refuses", 1, true, {1, 2}, ""});
  const auto result = check_delivery(b.build());
  EXPECT_EQ(result.verdict, Verdict::pass) << result.reason;
  EXPECT_EQ(count(result, "dead_letters_unseen"), 1u);
}

TEST(Delivery, AnUnansweredDeliveryIsNone) {
  auto b = three_messages();
  auto unanswered = b.deliver(11, 2, {1, 2}, 110, 111);
  auto history = b.build();
  for (auto& operation : history.operations)
    if (operation == unanswered) operation.outcome = Outcome::unknown;
  EXPECT_EQ(check_delivery(history).verdict, Verdict::fail);
}

TEST(Delivery, AMessageThatWasNotStoredNeedNotArrive) {
  auto b = three_messages();
  b.deliver(12, 2, {1, 2}, 110, 111);
  b.publish(1, 4, 70, 75, 4);
  EXPECT_EQ(check_delivery(b.build()).verdict, Verdict::pass);
}

TEST(Delivery, RedeliveriesAreCountedAndNoViolation) {
  auto b = three_messages();
  b.deliver(12, 2, {1, 2}, 110, 111);
  b.ack(12, 2, 112, 115);
  b.deliver(11, 2, {1, 2}, 110, 115, 2);  // not after the confirmation
  b.deliver(11, 2, {1, 2}, 110, 116, 3);
  b.ack(11, 1, 60, 70, Outcome::unknown);
  b.deliver(12, 1, {1, 1}, 80, 81, 2);
  const auto result = check_delivery(b.build());
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(count(result, "redeliveries"), 3u);
  EXPECT_EQ(count(result, "delivered_after_ack"), 1u);
}

TEST(Delivery, AnUnfinishedDrainIsUnknown) {
  auto b = three_messages();
  b.event(200, DrainFinished{false, false, 1, 3, "the group durable did not catch up"});
  EXPECT_EQ(check_delivery(b.build()).verdict, Verdict::unknown);
}

History delivered_with(DrainFinished end) {
  auto b = three_messages();
  b.deliver(12, 2, {1, 2}, 110, 111);
  b.event(120, std::move(end));
  return b.build();
}

TEST(Delivery, AGroupThatIsGoneForGoodFails) {
  const auto result = check_delivery(delivered_with({true, false, 1, 3, "", {}, {"durable"}}));
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.reason, "the group durable is gone for good");
}

TEST(Delivery, AGroupThatDidNotCatchUpIsUnknown) {
  EXPECT_EQ(check_delivery(delivered_with({true, false, 1, 3, "", {"durable"}, {}})).verdict,
            Verdict::unknown);
  EXPECT_EQ(check_delivery(delivered_with({true, false, 1, 3, "", {}, {}})).verdict, Verdict::pass);
}

TEST(Delivery, WithoutGroupsItIsNotJudged) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 15, 1);
  b.drain(100, {{1, 1}});
  EXPECT_FALSE(check_delivery(b.build()).judged);
}

Expected naive(const History& history) {
  const auto drain = naive_drain(history);
  std::map<std::uint32_t, std::string> group_of;
  std::set<std::string> groups;
  for (const auto& event : history.events)
    if (const auto* p = std::get_if<ProcessStarted>(&event.what); p && !p->group.empty()) {
      group_of[p->process] = p->group;
      groups.insert(p->group);
    }
  const auto delivered = [&](const Operation& o, const std::string& group) {
    return o.kind == OperationKind::deliver && naive_brings(o, o.value) &&
           group_of.contains(o.process) && group_of[o.process] == group;
  };
  const auto same = [](const Operation& a, const Operation& b) {
    return a.sequence == b.sequence && a.value == b.value;
  };
  std::uint64_t undelivered = 0, dead_unseen = 0, redeliveries = 0, after_ack = 0;
  for (const auto& group : groups) {
    const auto is_dead = [&](const Operation& message) {
      bool refuses = false, dead = false;
      for (const auto& event : history.events) {
        if (const auto* p = std::get_if<ProcessStarted>(&event.what); p && p->group == group)
          refuses = refuses || p->role == "refusing";
        if (const auto* s = std::get_if<DeadLettersSeen>(&event.what); s && s->group == group)
          dead = std::ranges::count(s->sequences, message.sequence) > 0;  // the last word counts
      }
      return refuses && dead;
    };
    for (const auto& message : drain.messages) {
      if (naive_any(history,
                    [&](const Operation& o) { return delivered(o, group) && same(o, message); }))
        continue;
      ++(is_dead(message) ? dead_unseen : undelivered);
    }
    for (std::size_t i = 0; i < history.operations.size(); ++i) {
      const auto& o = history.operations[i];
      if (!delivered(o, group)) continue;
      bool again = false, acked = false;
      for (std::size_t j = 0; j < i; ++j)
        again =
            again || (delivered(history.operations[j], group) && same(history.operations[j], o));
      for (const auto& a : history.operations)
        acked = acked || (a.kind == OperationKind::ack && a.outcome == Outcome::ok &&
                          group_of.contains(a.process) && group_of[a.process] == group &&
                          a.sequence == o.sequence && a.completed < o.completed);
      redeliveries += again;
      after_ack += acked && o.deliveries > 1;
    }
  }
  Expected expected;
  if (drain.finished && !groups.empty() && undelivered > 0) expected.verdict = Verdict::fail;
  if (drain.finished && !groups.empty() && undelivered == 0 && !drain.messages.empty())
    expected.verdict = Verdict::pass;
  expected.counts = {{"stored", drain.messages.size()}, {"groups", groups.size()},
                     {"undelivered", undelivered},      {"dead_letters_unseen", dead_unseen},
                     {"redeliveries", redeliveries},    {"delivered_after_ack", after_ack}};
  return expected;
}

TEST(Delivery, AgreesWithTheNaiveReference) { expect_agreement(check_delivery, naive); }

}  // namespace
}  // namespace faultline::testing
