#include "checkers/replicas.h"

#include "checkers/naive_testing.h"

namespace faultline::testing {
namespace {

ReplicaState current(const std::string& server) { return {server, true, true, 5, 1, 5, 0, 0}; }

// Three equal replicas and a drain that agrees; `change` may spoil the second.
template <class Change>
CheckResult with(Change change, HistoryBuilder b = {}) {
  b.header().replicas = 3;
  b.publish(1, 1, 10, 15, 1);
  b.event(50, ReplicaState{"n2", true, true, 3, 1, 3, 0, 0});  // before the drain: behind still
  auto second = current("n2");
  change(second);
  b.event(130, current("n1"));
  b.event(100, PhaseStarted{"drain"});
  b.event(110, ReplicaState{"n2", true, true, 4, 1, 4, 0, 0});  // catching up
  b.event(131, second);
  b.event(132, current("n3"));
  for (std::uint64_t i = 1; i <= 5; ++i) b.drain_read(i, {1, i}, 110 + i, 120 + i);
  b.event(140, DrainFinished{true, false, 1, 5, ""});
  return check_replicas(b.build());
}

TEST(Replicas, EqualOnesPassHoweverFarBehindTheyWere) {
  const auto result = with([](ReplicaState&) {});
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(count(result, "holding"), 3u);
}

TEST(Replicas, OneThatStaysBehindIsFoundAndNamed) {
  const auto result = with([](ReplicaState& state) { state.last_sequence = state.messages = 4; });
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(result.reason, "n2: last sequence 4 instead of 5, messages 4 instead of 5");
  EXPECT_EQ(count(result, "behind"), 1u);
}

TEST(Replicas, OneThatDiffersInAnythingIsFound) {
  for (const auto member :
       {&ReplicaState::messages, &ReplicaState::first_sequence, &ReplicaState::last_sequence,
        &ReplicaState::deleted, &ReplicaState::lost}) {
    const auto result = with([&](ReplicaState& state) { ++(state.*member); });
    EXPECT_EQ(result.verdict, Verdict::fail);
    EXPECT_EQ(count(result, "differing"), 1u);
    EXPECT_FALSE(result.samples.empty());
  }
}

TEST(Replicas, OneThatIsGoneIsFound) {
  EXPECT_EQ(with([](ReplicaState& state) { state.reachable = false; }).verdict, Verdict::fail);
  EXPECT_EQ(with([](ReplicaState& state) { state.has_stream = false; }).verdict, Verdict::fail);
}

TEST(Replicas, AServerThatNeedNotHoldTheStreamIsNotMissed) {
  HistoryBuilder b;
  b.event(133, ReplicaState{"n4", true, false, 0, 0, 0, 0, 0});
  EXPECT_EQ(with([](ReplicaState&) {}, b).verdict, Verdict::pass);
}

TEST(Replicas, EqualOnesThatContradictTheDrainAreFound) {
  HistoryBuilder b;
  b.header().replicas = 1;
  b.event(100, PhaseStarted{"drain"});
  b.drain_read(1, {1, 1}, 101, 102);
  b.event(110, current("n1"));
  b.event(120, DrainFinished{true, false, 1, 1, ""});
  EXPECT_EQ(check_replicas(b.build()).verdict, Verdict::fail);
}

// Three equal replicas say so of a stream of which the drain found 1 and 3, but not 2.
CheckResult with_a_hole(std::uint64_t messages, std::uint64_t deleted) {
  HistoryBuilder b;
  b.header().replicas = 3;
  b.publish(1, 1, 10, 15, 1);
  b.unknown_publish(1, 2, 20);
  b.publish(1, 3, 30, 35, 3);
  b.event(100, PhaseStarted{"drain"});
  b.drain_read(1, {1, 1}, 101, 102);
  b.answer(OperationKind::drain_read, Answer::absent, 2, 103, 104);
  b.drain_read(3, {1, 3}, 105, 106);
  b.event(110, DrainFinished{true, false, 1, 3, ""});
  for (const auto* server : {"n1", "n2", "n3"})
    b.event(120, ReplicaState{server, true, true, messages, 1, 3, deleted, 0});
  return check_replicas(b.build());
}

TEST(Replicas, EqualOnesThatHoldWhatTheDrainDidNotFindAreFound) {
  const auto result = with_a_hole(3, 0);
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_EQ(count(result, "differing"), 3u);
  EXPECT_TRUE(result.reason.starts_with("n1: messages 3 instead of 2, deleted 0 instead of 1"))
      << result.reason;
  EXPECT_EQ(with_a_hole(2, 0).verdict, Verdict::fail) << "one is neither there nor deleted";
  EXPECT_EQ(with_a_hole(2, 1).verdict, Verdict::pass);
}

TEST(Replicas, WhatWasDeletedSinceTheDrainMayBeMissing) {
  EXPECT_EQ(with_a_hole(1, 2).verdict, Verdict::pass);
}

// One message was drained; of more the outcome is unknown, and the copies hold `last`.
struct AfterTheDrain {
  HistoryBuilder b;

  explicit AfterTheDrain(std::uint64_t last) {
    b.header().replicas = 3;
    b.publish(1, 1, 10, 15, 1);
    b.unknown_publish(1, 2, 20);
    b.drain(100, {{1, 1}});
    for (const auto* server : {"n1", "n2", "n3"}) copy(server, last);
  }

  void copy(const std::string& server, std::uint64_t last) {
    b.event(120, ReplicaState{server, true, true, last, 1, last, 0, 0});
  }

  Verdict verdict() const { return check_replicas(b.build()).verdict; }
};

TEST(Replicas, AnUnknownPublishMayBeAppliedAfterTheDrain) {
  EXPECT_EQ(AfterTheDrain(1).verdict(), Verdict::pass);
  const auto result = check_replicas(AfterTheDrain(2).b.build());
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_EQ(count(result, "differing"), 0u);
  EXPECT_EQ(result.reason,
            "the replicas hold 1 message more than was drained, which may be a publish with "
            "unknown outcome that was applied since");
}

TEST(Replicas, NoMoreThanTheUnknownPublishesMayBeAppliedAfterTheDrain) {
  EXPECT_EQ(AfterTheDrain(3).verdict(), Verdict::fail);
  AfterTheDrain twice(3);
  twice.b.unknown_publish(1, 2, 30);
  EXPECT_EQ(twice.verdict(), Verdict::fail) << "the same value again";
  AfterTheDrain two(3);
  two.b.unknown_publish(1, 3, 30);
  EXPECT_EQ(two.verdict(), Verdict::unknown);
  AfterTheDrain seen(2);
  seen.b.read(1, {1, 2}, 30, 31);
  EXPECT_EQ(seen.verdict(), Verdict::fail);
  AfterTheDrain acknowledged(2);
  acknowledged.b.publish(1, 2, 30, 31, 2);
  EXPECT_EQ(acknowledged.verdict(), Verdict::fail);
}

TEST(Replicas, WhatWasAppliedAfterTheDrainIsOnAllOfThem) {
  AfterTheDrain behind(2);
  behind.copy("n3", 1);
  EXPECT_EQ(behind.verdict(), Verdict::fail);
  AfterTheDrain cut_off(2);
  cut_off.b.event(121, ReplicaState{"n3"});
  EXPECT_EQ(cut_off.verdict(), Verdict::fail);
}

TEST(Replicas, AnUnknownPublishMayBeAppliedAfterAnEmptyDrain) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10);
  b.event(100, PhaseStarted{"drain"});
  b.event(110, DrainFinished{true, false, 0, 0, ""});
  b.event(120, ReplicaState{"n1", true, true, 1, 1, 1, 0, 0});
  EXPECT_EQ(check_replicas(b.build()).verdict, Verdict::unknown);
}

TEST(Replicas, AdmittedLossIsAFindingWhereLossIsPromisedNotToHappen) {
  for (const auto promise : {LossPromise::none, LossPromise::not_promised}) {
    HistoryBuilder b;
    b.header().expectations.loss = promise;
    b.event(100, PhaseStarted{"drain"});
    b.drain_read(1, {1, 1}, 101, 102);
    b.event(110, ReplicaState{"n1", true, true, 1, 1, 1, 0, 2});
    b.event(120, DrainFinished{true, false, 1, 1, ""});
    const auto result = check_replicas(b.build());
    EXPECT_EQ(result.verdict, promise == LossPromise::none ? Verdict::fail : Verdict::pass);
    EXPECT_EQ(count(result, "lost_admitted"), 2u);
  }
}

TEST(Replicas, NothingRecordedOrGoneEverywhereIsUnknown) {
  HistoryBuilder b;
  b.event(100, PhaseStarted{"drain"});
  b.event(120, DrainFinished{false, true, 0, 0, ""});
  EXPECT_EQ(check_replicas(b.build()).verdict, Verdict::unknown);
  b.event(110, ReplicaState{"n1", true, false, 0, 0, 0, 0, 0});
  EXPECT_EQ(check_replicas(b.build()).verdict, Verdict::unknown);
  b.event(111, current("n2"));
  EXPECT_EQ(check_replicas(b.build()).verdict, Verdict::fail);
}

TEST(Replicas, InterruptedBeforeTheDrainFinishedIsUnknown) {
  HistoryBuilder b;
  b.event(100, PhaseStarted{"drain"});
  b.event(110, current("n1"));
  b.event(111, ReplicaState{"n2", true, true, 4, 1, 4, 0, 0});
  EXPECT_EQ(check_replicas(b.build()).verdict, Verdict::fail);
  b.event(112, Interrupted{"by the user"});
  EXPECT_EQ(check_replicas(b.build()).verdict, Verdict::unknown);
}

// Whether every copy is the drained stream and, at its end, messages that nobody saw.
bool naive_applied_late(const History& history, const std::vector<ReplicaState>& holders,
                        std::uint64_t there, std::uint64_t holes) {
  const auto drain = naive_drain(history);
  if (!drain.finished || drain.end.stream_absent || holders.empty()) return false;
  std::set<Value> open;
  for (const auto& o : history.operations)
    if (o.kind == OperationKind::publish && o.outcome == Outcome::unknown) open.insert(o.value);
  for (const auto& o : history.operations)
    if (naive_brings(o, o.value) ||
        (o.kind == OperationKind::publish && o.outcome == Outcome::ok))
      open.erase(o.value);
  const bool empty = there + holes == 0;
  return std::ranges::all_of(holders, [&](ReplicaState state) {
    for (auto other : holders) {
      other.server = state.server;
      if (other != state) return false;
    }
    std::uint64_t late = 0;
    while (late < open.size() && drain.end.last_sequence + late < state.last_sequence) ++late;
    const ReplicaState wanted{state.server,
                              true,
                              true,
                              there + late,
                              empty ? state.last_sequence - late + 1 : drain.end.first_sequence,
                              drain.end.last_sequence + late,
                              holes,
                              state.lost};
    return late > 0 && state == wanted;
  });
}

// For the verdict, compares every pair of copies instead of each with one.
Expected naive(const History& history) {
  const auto drain = naive_drain(history);
  std::map<std::string, ReplicaState> last;
  bool draining = false, interrupted = false;
  for (const auto& event : history.events) {
    if (const auto* phase = std::get_if<PhaseStarted>(&event.what))
      draining = draining || phase->phase == "drain";
    if (const auto* state = std::get_if<ReplicaState>(&event.what); state && draining)
      last[state->server] = *state;
    interrupted = interrupted || std::holds_alternative<Interrupted>(event.what);
  }
  std::map<std::uint64_t, Answer> answers;
  for (const auto& o : history.operations)
    if (o.kind == OperationKind::drain_read && naive_reads(o)) answers[o.sequence] = o.answer;
  std::uint64_t there = 0, holes = 0;
  for (const auto& [sequence, answer] : answers) {
    if (sequence == 0 || sequence < drain.end.first_sequence || sequence > drain.end.last_sequence)
      continue;
    ++(answer == Answer::absent ? holes : there);
  }
  const auto contradicts = [&](const ReplicaState& state) {
    if (!drain.finished || drain.end.stream_absent || there + holes == 0) return false;
    return state.messages > there || state.messages + state.deleted != there + holes;
  };
  std::vector<ReplicaState> holders;
  std::uint64_t unreachable = 0, lost = 0;
  for (const auto& [server, state] : last) {
    unreachable += !state.reachable;
    if (state.reachable && state.has_stream) holders.push_back(state);
  }
  const bool late = naive_applied_late(history, holders, there, holes);
  bool found = unreachable > 0;
  for (const auto& a : holders) {
    lost += a.lost;
    for (auto b : holders) {
      b.server = a.server;
      found = found || a != b;
    }
    found = found || (!late && contradicts(a));
    if (drain.finished && !late)
      found = found || drain.end.stream_absent || a.first_sequence != drain.end.first_sequence ||
              a.last_sequence != drain.end.last_sequence;
  }
  const bool gone = drain.end.stream_absent && holders.empty();
  const auto replicas = history.header.replicas;
  const bool without = std::ranges::any_of(
      last, [](const auto& s) { return s.second.reachable && !s.second.has_stream; });
  found = found || (!gone && without && holders.size() < replicas);
  found = found || (lost > 0 && history.header.expectations.loss == LossPromise::none);

  Expected expected;
  const bool excused = interrupted && !drain.finished;
  if (found && !excused && !last.empty()) expected.verdict = Verdict::fail;
  if (!found && !gone && !late && last.size() >= replicas)
    expected.verdict = naive_verdict(history, false, true);
  ReplicaState model;
  bool chosen = false, model_agrees = false;
  for (const auto& state : holders) {
    const bool agrees = drain.finished && state.first_sequence == drain.end.first_sequence &&
                        state.last_sequence == drain.end.last_sequence;
    if (chosen && agrees <= model_agrees &&
        (agrees < model_agrees || state.last_sequence <= model.last_sequence))
      continue;
    model = state;
    model_agrees = agrees;
    chosen = true;
  }
  if (drain.finished && !drain.end.stream_absent) {
    model.first_sequence = drain.end.first_sequence;
    model.last_sequence = drain.end.last_sequence;
    if (contradicts(model)) {
      model.messages = there;
      model.deleted = holes;
    }
  }
  std::uint64_t behind = 0, differing = 0;
  for (const auto& state : holders) {
    if (late) break;
    model.server = state.server;
    behind += state.last_sequence < model.last_sequence;
    differing += state != model;
  }
  expected.counts = {{"servers", last.size()},     {"holding", holders.size()},
                     {"unreachable", unreachable}, {"behind", behind},
                     {"differing", differing},     {"lost_admitted", lost}};
  return expected;
}

TEST(Replicas, AgreesWithTheNaiveReference) { expect_agreement(check_replicas, naive, 0); }

}  // namespace
}  // namespace faultline::testing
