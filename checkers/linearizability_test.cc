#include "checkers/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "checkers/format.h"
#include "checkers/share_testing.h"
#include "checkers/testing.h"

namespace faultline {
namespace {

using testing::HistoryBuilder;

// --- The exhaustive reference (Wing & Gong 1993, with a memory of what failed) ---

class Search {
 public:
  explicit Search(const History& history) {
    for (const Operation& o : history.operations) {
      const bool publish = o.kind == OperationKind::publish && o.outcome != Outcome::fail;
      const bool read = (o.kind == OperationKind::read || o.kind == OperationKind::drain_read) &&
                        o.outcome == Outcome::ok;
      if (publish || read) operations_.push_back(o);
    }
  }

  bool linearizable() { return from(0); }

 private:
  static bool optional(const Operation& o) { return o.outcome == Outcome::unknown; }

  bool from(unsigned done) {
    if (complete(done)) return true;
    if (!failed_.insert({done, log_}).second) return false;
    for (unsigned i = 0; i < operations_.size(); ++i) {
      if ((done >> i & 1) != 0 || !minimal(done, i)) continue;
      const Operation& o = operations_[i];
      if (o.kind == OperationKind::publish) {
        if (o.outcome == Outcome::ok && o.sequence != log_.size() + 1) continue;
        log_.push_back(o.value);
        const bool found = from(done | 1u << i);
        log_.pop_back();
        if (found) return true;
      } else if (right(o) && from(done | 1u << i)) {
        return true;
      }
    }
    return false;
  }

  bool right(const Operation& read) const {
    const bool there = read.sequence <= log_.size();
    if (read.answer == Answer::absent) return !there;
    return there && log_[read.sequence - 1] == read.value;
  }

  bool complete(unsigned done) const {
    for (unsigned i = 0; i < operations_.size(); ++i) {
      if ((done >> i & 1) == 0 && !optional(operations_[i])) return false;
    }
    return true;
  }

  // No operation that is still to come had ended before this one began.
  bool minimal(unsigned done, unsigned candidate) const {
    for (unsigned i = 0; i < operations_.size(); ++i) {
      if ((done >> i & 1) != 0 || optional(operations_[i])) continue;
      if (operations_[i].completed < operations_[candidate].invoked) return false;
    }
    return true;
  }

  std::vector<Operation> operations_;
  std::vector<Value> log_;
  std::set<std::pair<unsigned, std::vector<Value>>> failed_;
};

// --- Random histories ---

struct Shape {
  int publishes;
  int reads;
  int unknown_percent;
  int mutations;
  Time span;
};

int pick(std::mt19937_64& random, int below) {
  return static_cast<int>(random() % static_cast<std::uint64_t>(below));
}

// What a correct log does with operations at random moments, seen through
// clients whose calls begin before and end after that moment.
History correct_history(std::mt19937_64& random, const Shape& shape) {
  struct Step {
    Time moment;
    Operation operation;
    bool happens;
  };
  std::vector<Step> steps;
  for (int i = 0; i < shape.publishes + shape.reads; ++i) {
    Step step;
    Operation& o = step.operation;
    step.moment = 10 + pick(random, static_cast<int>(shape.span));
    o.process = static_cast<std::uint32_t>(i);
    o.invoked = o.intended = step.moment - pick(random, 5);
    o.completed = step.moment + pick(random, 5);
    o.outcome = Outcome::ok;
    step.happens = true;
    if (i < shape.publishes) {
      o.value = {1, static_cast<std::uint64_t>(i) + 1};
      if (pick(random, 100) < shape.unknown_percent) {
        o.outcome = Outcome::unknown;
        step.happens = pick(random, 2) == 0;
        if (pick(random, 2) == 0) step.moment += 20;  // applied late, after the client gave up
        if (pick(random, 2) == 0) o.completed = never;
      } else if (pick(random, 20) == 0) {
        o.outcome = Outcome::fail;
        step.happens = false;
      }
    } else {
      o.kind = pick(random, 4) == 0 ? OperationKind::drain_read : OperationKind::read;
      o.sequence = static_cast<std::uint64_t>(pick(random, shape.publishes + 1)) + 1;
    }
    steps.push_back(step);
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& a, const Step& b) { return a.moment < b.moment; });
  std::vector<Value> log;
  for (Step& step : steps) {
    Operation& o = step.operation;
    if (!step.happens) continue;
    if (o.kind == OperationKind::publish) {
      log.push_back(o.value);
      if (o.outcome == Outcome::ok) o.sequence = log.size();
    } else if (o.sequence <= log.size()) {
      o.answer = Answer::message;
      o.value = log[o.sequence - 1];
    } else {
      o.answer = Answer::absent;
    }
  }
  HistoryBuilder builder;
  for (const Step& step : steps) builder.operation(step.operation);
  return builder.build();
}

void mutate(std::mt19937_64& random, History& history) {
  Operation& o = history.operations[static_cast<std::size_t>(
      pick(random, static_cast<int>(history.operations.size())))];
  switch (pick(random, 5)) {
    case 0:
      o.invoked -= pick(random, 8);
      break;
    case 1:
      if (o.completed != never) o.completed = std::max(o.invoked, o.completed - pick(random, 8));
      break;
    case 2:  // the answer came, or the call was made, at another time
      if (o.completed != never) {
        const Time shift = pick(random, 21) - 10;
        o.invoked += shift;
        o.completed += shift;
      }
      break;
    case 3:
      if (o.sequence != 0) o.sequence = static_cast<std::uint64_t>(pick(random, 6)) + 1;
      break;
    case 4:
      if (o.kind != OperationKind::publish) {
        if (o.answer == Answer::message) {
          o.answer = Answer::absent;
          o.value = {};
        } else {
          o.answer = Answer::message;
          o.value = {1, static_cast<std::uint64_t>(pick(random, 5)) + 1};
        }
      }
      break;
  }
  std::stable_sort(history.operations.begin(), history.operations.end(),
                   [](const Operation& a, const Operation& b) { return a.invoked < b.invoked; });
}

std::string show(const History& history) {
  std::string text;
  for (const Operation& o : history.operations) {
    text += "  " + describe(o, 0) + "\n";
  }
  return text;
}

class Exactness : public ::testing::TestWithParam<int> {};

TEST_P(Exactness, EqualsExhaustiveSearch) {
  const std::uint64_t seed = testing::test_seed() + static_cast<std::uint64_t>(GetParam());
  std::mt19937_64 random(seed);
  constexpr int histories = 20'000 / testing::share;
  int legal = 0;
  int illegal = 0;
  for (int round = 0; round < histories; ++round) {
    const Shape shape{1 + pick(random, 5), pick(random, 6), GetParam(), 0, 4 + pick(random, 40)};
    History history = correct_history(random, shape);
    const int mutations = pick(random, 4);
    for (int i = 0; i < mutations; ++i) mutate(random, history);
    const bool expected = Search(history).linearizable();
    const CheckResult result = check_linearizability(history);
    ASSERT_EQ(result.verdict != Verdict::fail, expected)
        << "seed " << seed << ", history " << round << ": " << result.reason << "\n"
        << show(history);
    if (mutations == 0) {
      ASSERT_TRUE(expected) << "the generator is wrong\n" << show(history);
    }
    if (!expected) {
      ASSERT_FALSE(result.samples.empty());
      for (const Finding& finding : result.samples) {
        ASSERT_GE(finding.operations.size(), 1u);
        ASSERT_LE(finding.operations.size(), 4u);
      }
    }
    ++(expected ? legal : illegal);
  }
  EXPECT_GT(legal, histories / 10);
  EXPECT_GT(illegal, histories / 10);
}

INSTANTIATE_TEST_SUITE_P(UnknownPercent, Exactness, ::testing::Values(0, 20, 40, 60));

// --- Written by hand: what must be caught, and what looks like it ---

Operation absent(HistoryBuilder& b, std::uint64_t sequence, Time invoked, Time completed) {
  return b.answer(OperationKind::read, Answer::absent, sequence, invoked, completed);
}

Verdict verdict(const HistoryBuilder& b) { return check_linearizability(b.build()).verdict; }

void expect_witness(const HistoryBuilder& b, const std::vector<Operation>& witness) {
  const CheckResult result = check_linearizability(b.build());
  ASSERT_EQ(result.verdict, Verdict::fail) << result.reason;
  ASSERT_FALSE(result.samples.empty());
  EXPECT_EQ(result.samples[0].operations, witness) << result.samples[0].what;
}

TEST(Linearizability, StaleAbsentReadAfterTheAcknowledgement) {
  HistoryBuilder b;
  const Operation publish = b.publish(1, 1, 10, 20, 1);
  const Operation read = absent(b, 1, 21, 30);
  expect_witness(b, {publish, read});
}

TEST(Linearizability, AbsentReadThatOverlapsThePublish) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, 1);
  absent(b, 1, 20, 30);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, AbsentReadOfAnEarlierSequenceThanOneKnown) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 90, 1);
  const Operation second = b.publish(1, 2, 10, 20, 2);
  const Operation read = absent(b, 1, 21, 30);
  expect_witness(b, {second, read});
}

TEST(Linearizability, SeenThenUnseen) {
  HistoryBuilder b;
  const Operation publish = b.publish(1, 1, 10, 90, 1);
  const Operation seen = b.read(1, {1, 1}, 20, 30);
  const Operation unseen = absent(b, 1, 31, 40);
  expect_witness(b, {publish, seen, unseen});
}

TEST(Linearizability, UnseenThenSeen) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 90, 1);
  absent(b, 1, 20, 30);
  b.read(1, {1, 1}, 31, 40);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, LostTailWhoseSequenceIsUsedAgain) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, 1);
  const Operation lost = b.publish(1, 2, 21, 30, 2);
  const Operation next = b.publish(1, 3, 40, 50, 2);
  b.read(1, {1, 1}, 60, 70);
  expect_witness(b, {lost, next});
}

TEST(Linearizability, AValueAtTwoSequences) {
  HistoryBuilder b;
  const Operation publish = b.publish(1, 1, 10, 20, 1);
  const Operation read = b.read(2, {1, 1}, 30, 40);
  expect_witness(b, {publish, read});
}

TEST(Linearizability, AnUnknownPublishReadAtTwoSequences) {
  HistoryBuilder b;
  const Operation publish = b.unknown_publish(1, 1, 10, 20);
  const Operation first = b.read(1, {1, 1}, 30, 40);
  const Operation second = b.read(2, {1, 1}, 50, 60);
  expect_witness(b, {publish, first, second});
}

TEST(Linearizability, ReadBeforeItWasPublished) {
  HistoryBuilder b;
  const Operation read = b.read(1, {1, 1}, 1, 5);
  const Operation publish = b.publish(1, 1, 10, 20, 1);
  expect_witness(b, {read, publish});
}

TEST(Linearizability, ReadOfWhatWasNeverPublished) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, 1);
  const Operation read = b.read(2, {7, 7}, 30, 40);
  expect_witness(b, {read});
}

TEST(Linearizability, ReadOfWhatWasRefused) {
  HistoryBuilder b;
  const Operation publish = b.failed_publish(1, 1, 10, 20);
  const Operation read = b.read(1, {1, 1}, 30, 40);
  expect_witness(b, {publish, read});
}

TEST(Linearizability, SequencesAgainstRealTime) {
  HistoryBuilder b;
  const Operation late = b.publish(1, 1, 30, 40, 1);
  const Operation early = b.publish(2, 1, 10, 20, 2);
  b.read(1, {1, 1}, 50, 60);
  expect_witness(b, {early, late});
}

TEST(Linearizability, SequencesOfConcurrentPublishes) {
  HistoryBuilder b;
  b.publish(1, 1, 20, 40, 1);
  b.publish(2, 1, 10, 20, 2);
  b.read(1, {1, 1}, 50, 60);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, AnUnknownPublishFillsAHole) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 15);
  b.publish(1, 2, 20, 30, 2);
  b.read(2, {1, 2}, 40, 50);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, AHoleWithoutCandidate) {
  HistoryBuilder b;
  const Operation publish = b.publish(1, 2, 20, 30, 2);
  b.failed_publish(1, 1, 10, 15);
  b.read(2, {1, 2}, 40, 50);
  expect_witness(b, {publish});
}

TEST(Linearizability, AHoleWhoseOnlyCandidateCameTooLate) {
  HistoryBuilder b;
  const Operation publish = b.publish(1, 2, 20, 30, 2);
  const Operation late = b.unknown_publish(1, 1, 31);
  b.read(2, {1, 2}, 40, 50);
  expect_witness(b, {publish, late});
}

TEST(Linearizability, TwoHolesOneCandidate) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 15);
  b.publish(1, 2, 20, 30, 3);
  b.read(3, {1, 2}, 40, 50);
  EXPECT_EQ(verdict(b), Verdict::fail);
}

TEST(Linearizability, HolesTakeTheCandidatesThatTheyCan) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10);
  b.unknown_publish(2, 1, 35);
  b.publish(3, 1, 20, 30, 2);  // sequence 1 needs the first
  b.publish(3, 2, 40, 50, 4);  // sequence 3 takes the second
  b.read(4, {3, 2}, 60, 70);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, AHoleFoundEmptyAfterALaterSequenceWasInUse) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10);
  const Operation publish = b.publish(1, 2, 20, 30, 2);
  const Operation read = absent(b, 1, 40, 50);
  expect_witness(b, {publish, read});
}

TEST(Linearizability, AnUnknownPublishSeenLongAfterTheClientGaveUp) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 10, 20);
  b.publish(1, 2, 30, 40, 1);
  absent(b, 2, 50, 60);
  b.read(2, {1, 1}, 70, 80);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, CorruptAndForeignMessagesOnlyTakeTheirPlace) {
  HistoryBuilder b;
  b.answer(OperationKind::read, Answer::foreign, 1, 5, 6);
  b.publish(1, 1, 10, 20, 2);
  b.answer(OperationKind::read, Answer::corrupt, 2, 30, 40);
  EXPECT_EQ(verdict(b), Verdict::pass);
  absent(b, 1, 50, 60);
  EXPECT_EQ(verdict(b), Verdict::fail);
}

TEST(Linearizability, DirectReadsAndDeliveriesTakeNoPart) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, 1);
  b.read(1, {1, 1}, 22, 24);
  b.answer(OperationKind::direct_read, Answer::absent, 1, 30, 40);
  b.deliver(1, 5, {1, 1}, 30, 40);
  b.unanswered(OperationKind::read, 1, 50);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, TheDrainIsARead) {
  HistoryBuilder b;
  const Operation publish = b.publish(1, 1, 10, 20, 1);
  const Operation read = b.answer(OperationKind::drain_read, Answer::absent, 1, 30, 40);
  expect_witness(b, {publish, read});
}

TEST(Linearizability, ADuplicateAcknowledgementPinsNothing) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, 1);
  b.read(1, {1, 1}, 30, 40);
  Operation again;
  again.value = {1, 1};
  again.outcome = Outcome::ok;
  again.duplicate = true;
  again.sequence = 1;
  again.invoked = 50;
  again.completed = 60;
  b.operation(again);
  EXPECT_EQ(verdict(b), Verdict::pass);
}

TEST(Linearizability, AHugeSequenceIsAHoleAndNotAnAllocation) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, std::uint64_t{1} << 62);
  b.read(1, {1, 1}, 30, 40);
  const CheckResult result = check_linearizability(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_LE(result.samples.size(), max_samples);
}

TEST(Linearizability, NothingToJudgeIsUnknown) {
  HistoryBuilder unread;
  unread.publish(1, 1, 10, 20, 1);
  EXPECT_EQ(verdict(unread), Verdict::unknown);

  HistoryBuilder unwritten;
  unwritten.unknown_publish(1, 1, 10);
  absent(unwritten, 1, 20, 30);
  EXPECT_EQ(verdict(unwritten), Verdict::unknown);

  HistoryBuilder twice;
  twice.publish(1, 1, 10, 20, 1);
  twice.publish(1, 1, 30, 40, 2);
  twice.read(1, {1, 1}, 50, 60);
  EXPECT_EQ(verdict(twice), Verdict::unknown);
}

TEST(Linearizability, JudgedOnlyWhereRequired) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 20, 1);
  absent(b, 1, 30, 40);
  b.header().expectations.linearizability = LinearizabilityPromise::report;
  EXPECT_FALSE(check_linearizability(b.build()).judged);
  EXPECT_EQ(verdict(b), Verdict::fail);
  b.header().expectations.linearizability = LinearizabilityPromise::required;
  EXPECT_TRUE(check_linearizability(b.build()).judged);
}

TEST(Linearizability, SamplesAreBoundedAndCountsExact) {
  HistoryBuilder b;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const Time base = static_cast<Time>(i) * 100;
    b.publish(1, i, base, base + 10, i);
    absent(b, i, base + 20, base + 30);
  }
  const CheckResult result = check_linearizability(b.build());
  EXPECT_EQ(result.samples.size(), max_samples);
  EXPECT_EQ(result.counts.back(), (std::pair<std::string, std::uint64_t>{"violations", 50}));
}

}  // namespace
}  // namespace faultline
