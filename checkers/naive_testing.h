// Compares a checker with a naive reference, written independently of it, on
// random small histories.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkers/history.h"
#include "checkers/share_testing.h"
#include "checkers/testing.h"
#include "checkers/verdict.h"

namespace faultline::testing {

struct Expected {
  Verdict verdict = Verdict::unknown;
  std::map<std::string, std::uint64_t> counts;
};

struct NaiveDrain {
  bool finished = false;
  DrainFinished end;
  std::vector<Operation> messages;  // in order of sequence
};

inline bool naive_reads(const Operation& o) {
  if (o.kind == OperationKind::direct_read || o.kind == OperationKind::publish ||
      o.kind == OperationKind::ack)
    return false;
  return o.outcome == Outcome::ok && o.answer != Answer::none;
}

inline bool naive_brings(const Operation& o, Value value) {
  return naive_reads(o) && o.answer == Answer::message && o.value == value;
}

inline bool naive_publishes(const Operation& o, Value value) {
  return o.kind == OperationKind::publish && o.value == value;
}

// Each distinct value that `wanted` operations carry.
template <class Wanted>
std::set<Value> naive_values(const History& history, Wanted wanted) {
  std::set<Value> values;
  for (const auto& o : history.operations)
    if (wanted(o)) values.insert(o.value);
  return values;
}

template <class Wanted>
bool naive_any(const History& history, Wanted wanted) {
  return std::ranges::any_of(history.operations, wanted);
}

inline NaiveDrain naive_drain(const History& history) {
  NaiveDrain drain;
  bool seen = false;
  for (const auto& event : history.events)
    if (const auto* end = std::get_if<DrainFinished>(&event.what)) {
      drain.end = *end;
      seen = true;
    }
  std::map<std::uint64_t, Operation> answers;
  for (const auto& o : history.operations)
    if (o.kind == OperationKind::drain_read && naive_reads(o)) answers[o.sequence] = o;
  if (seen && drain.end.stream_absent) {
    drain.finished = true;
    return drain;
  }
  if (seen && drain.end.complete) {
    drain.finished = true;
    for (auto s = drain.end.first_sequence; s <= drain.end.last_sequence; ++s)
      drain.finished = drain.finished && (s == 0 || answers.contains(s));
    std::erase_if(answers, [&](const auto& answer) {
      return answer.first == 0 || answer.first < drain.end.first_sequence ||
             answer.first > drain.end.last_sequence;
    });
  }
  for (const auto& [sequence, o] : answers)
    if (o.answer == Answer::message) drain.messages.push_back(o);
  return drain;
}

inline Verdict naive_verdict(const History& history, bool found, bool anything_read) {
  if (found) return Verdict::fail;
  const bool whole = history.closed && history.damage.empty();
  return whole && naive_drain(history).finished && anything_read ? Verdict::pass : Verdict::unknown;
}

// Also checks what every result must keep: bounded samples with one to four
// operations, and a reason. All three verdicts must occur, or nothing was tested: the
// rarest, a dead letter or an aborted read that fails, comes once in 150 rounds, and so not
// once in 1000 only in some 3 of 100,000 runs of the shortest test.
template <class Check, class Naive>
void expect_agreement(Check check, Naive naive, std::size_t fewest_operations = 1) {
  const auto seed = test_seed();
  std::mt19937_64 random(seed);
  std::map<Verdict, int> verdicts;
  constexpr int rounds = 20'000 / share;
  for (int round = 0; round < rounds; ++round) {
    const auto history = random_history(random, round % 6);
    const CheckResult result = check(history);
    const Expected expected = naive(history);
    std::map<std::string, std::uint64_t> counts(result.counts.begin(), result.counts.end());
    ASSERT_EQ(result.verdict, expected.verdict)
        << "seed " << seed << ", round " << round << ": " << result.reason;
    ASSERT_EQ(counts, expected.counts) << "seed " << seed << ", round " << round;
    ASSERT_EQ(counts.size(), result.counts.size());
    ASSERT_FALSE(result.reason.empty());
    ASSERT_LE(result.samples.size(), max_samples);
    if (result.verdict == Verdict::fail) {
      ASSERT_FALSE(result.samples.empty());
    }
    for (const auto& finding : result.samples) {
      ASSERT_FALSE(finding.what.empty());
      ASSERT_GE(finding.operations.size(), fewest_operations);
      ASSERT_LE(finding.operations.size(), 4u);
    }
    ++verdicts[result.verdict];
  }
  for (const auto verdict : {Verdict::pass, Verdict::unknown, Verdict::fail})
    EXPECT_GE(verdicts[verdict], rounds / 1000) << to_string(verdict) << ", seed " << seed;
}

inline std::uint64_t count(const CheckResult& result, const std::string& name) {
  for (const auto& [key, value] : result.counts)
    if (key == name) return value;
  ADD_FAILURE() << result.check << " has no count " << name;
  return 0;
}

}  // namespace faultline::testing
