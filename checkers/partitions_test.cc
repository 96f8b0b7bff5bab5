#include "checkers/partitions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <stdexcept>

#include "checkers/judge.h"
#include "checkers/testing_run.h"

namespace faultline::testing {
namespace {

constexpr Time strike = RunBuilder::strike;
constexpr Time heal = RunBuilder::heal;
constexpr Time drain = RunBuilder::drain;

// Sets the partition of an event that has one.
bool put_into(Event& event, std::uint32_t partition) {
  return std::visit(
      [&](auto& what) {
        if constexpr (requires { what.partition; }) {
          what.partition = partition;
          return true;
        }
        return false;
      },
      event.what);
}

// Histories of one partition each as one of several. What is about no partition is the first's.
History together(const std::vector<History>& parts) {
  History all;
  all.header = parts.front().header;
  all.header.partitions = static_cast<std::uint32_t>(parts.size());
  all.closed = true;
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    std::set<std::uint32_t> processes;
    for (Operation operation : parts[i].operations) {
      operation.process += 1'000'000 * i;
      processes.insert(operation.process);
      all.operations.push_back(operation);
    }
    for (Event event : parts[i].events) {
      if (auto* process = std::get_if<ProcessStarted>(&event.what)) {
        process->process += 1'000'000 * i;
        processes.erase(process->process);
      }
      if (put_into(event, i + 1) || i == 0) all.events.push_back(event);
    }
    for (const auto process : processes)
      all.events.push_back({0, ProcessStarted{process, "client", "", i + 1}});
  }
  std::ranges::stable_sort(all.operations, {}, &Operation::invoked);
  std::ranges::stable_sort(all.events, {}, &Event::time);
  return all;
}

RunBuilder good_run() {
  RunBuilder run;
  run.fault(1).serve_all(0, drain).finish();
  run.expect().writes = run.expect().reads = Promise::keeps_on;
  run.expect().resume = Resume::healed;
  return run;
}

RunBuilder run_that_loses() {
  RunBuilder run = good_run();
  run.serve_one(Service::writes, drain - second / 2, drain - second / 3);  // never read back
  return run;
}

RunBuilder run_that_pauses() {
  RunBuilder run;
  run.fault(1).serve_all(0, strike).attempt_all(strike, strike + 8 * second);
  run.serve_all(strike + 8 * second, drain).finish();
  run.expect() = good_run().expect();
  return run;
}

const CheckResult& check(const Judgement& judgement, const char* name) {
  const CheckResult* found = judgement.find(name);
  if (found == nullptr) throw std::runtime_error(name);
  return *found;
}

TEST(Partitions, EachIsJudgedLikeARunOfItsOwn) {
  const History one = good_run().build();
  const Judgement alone = judge(one);
  const Judgement both = judge(together({one, one}));
  EXPECT_EQ(alone.verdict, Verdict::pass) << alone.summary;
  EXPECT_EQ(both.verdict, Verdict::pass) << both.summary;
  ASSERT_EQ(both.checks.size(), alone.checks.size());
  for (std::size_t i = 0; i < both.checks.size(); ++i) {
    EXPECT_EQ(both.checks[i].verdict, alone.checks[i].verdict) << both.checks[i].check;
    EXPECT_EQ(both.checks[i].judged, alone.checks[i].judged) << both.checks[i].check;
    EXPECT_EQ(both.checks[i].reason, alone.checks[i].reason) << both.checks[i].check;
    EXPECT_EQ(both.checks[i].observed, alone.checks[i].observed) << both.checks[i].check;
  }
  const auto& lost = check(both, "lost");
  EXPECT_EQ(count(lost.counts, "acknowledged"),
            2 * count(check(alone, "lost").counts, "acknowledged"));
  EXPECT_EQ(count(check(both, "availability.writes").counts, "longest_gap_ns"),
            count(check(alone, "availability.writes").counts, "longest_gap_ns"));
}

TEST(Partitions, AViolationInOneIsOneOfAllAndSaysWhichItIs) {
  const Judgement judgement =
      judge(together({good_run().build(), run_that_loses().build(), good_run().build()}));
  EXPECT_EQ(judgement.verdict, Verdict::fail) << judgement.summary;
  const auto& lost = check(judgement, "lost");
  EXPECT_EQ(lost.verdict, Verdict::fail);
  EXPECT_TRUE(lost.reason.starts_with("partition 2: 1 of ")) << lost.reason;
  EXPECT_EQ(lost.observed, "1");
  EXPECT_EQ(count(lost.counts, "lost"), 1u);
  ASSERT_EQ(lost.samples.size(), 1u);
  EXPECT_TRUE(lost.samples[0].what.starts_with("partition 2: ")) << lost.samples[0].what;
}

// Seen over all partitions together there would be no gap.
TEST(Partitions, AGapInOneIsNotFilledByTheOthers) {
  const Judgement judgement = judge(together({good_run().build(), run_that_pauses().build()}));
  const auto& writes = check(judgement, "availability.writes");
  EXPECT_EQ(writes.verdict, Verdict::fail) << writes.reason;
  EXPECT_EQ(writes.observed, "pause");
  EXPECT_GT(count(writes.counts, "longest_gap_ns"), std::uint64_t{7 * second});
}

TEST(Partitions, WhatIsOfTheClusterCountsOnce) {
  RunBuilder run = good_run();
  run.event(heal, BrokerChanged{"n3", BrokerStage::exited, false, "exit status 2"});
  const Judgement judgement = judge(together({run.build(), good_run().build()}));
  const auto& crash = check(judgement, "crash");
  EXPECT_EQ(crash.verdict, Verdict::fail);
  EXPECT_EQ(count(crash.counts, "crashes"), 1u);
  EXPECT_FALSE(crash.reason.starts_with("partition")) << crash.reason;
}

TEST(Partitions, OneThatNobodyReadInTheDrainIsUnknown) {
  History whole = together({good_run().build(), good_run().build()});
  std::erase_if(whole.events, [](const Event& event) {
    const auto* end = std::get_if<DrainFinished>(&event.what);
    return end != nullptr && end->partition == 2;
  });
  const Judgement judgement = judge(whole);
  EXPECT_EQ(judgement.verdict, Verdict::unknown) << judgement.summary;
  EXPECT_TRUE(check(judgement, "lost").reason.starts_with("partition 2: "))
      << check(judgement, "lost").reason;
}

TEST(Partitions, OneOfWhichThereIsNothingIsUnknown) {
  History whole = together({good_run().build(), good_run().build()});
  whole.header.partitions = 3;
  EXPECT_EQ(judge(whole).verdict, Verdict::unknown);
}

// Nothing of a partition is lost, or comes to another.
TEST(Partitions, ThePartsOfAHistoryAreTheWhole) {
  const auto seed = test_seed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    const std::vector<History> parts{random_history(random, round % 6),
                                     random_history(random, round % 6)};
    const History whole = together(parts);
    std::size_t operations = 0;
    for (std::uint32_t i = 0; i < parts.size(); ++i) {
      const History part = of_partition(whole, i + 1);
      operations += part.operations.size();
      auto wanted = parts[i].operations;
      for (auto& operation : wanted) operation.process += 1'000'000 * i;
      std::ranges::stable_sort(wanted, {}, &Operation::invoked);
      ASSERT_TRUE(part.operations == wanted) << "seed " << seed << ", round " << round;
      for (Event event : parts[i].events) {
        if (auto* process = std::get_if<ProcessStarted>(&event.what))
          process->process += 1'000'000 * i;
        if (put_into(event, i + 1) || i == 0) {
          ASSERT_NE(std::ranges::find(part.events, event), part.events.end())
              << "seed " << seed << ", round " << round;
        }
      }
    }
    ASSERT_EQ(operations, whole.operations.size());
  }
}

CheckResult saying(Verdict verdict, const char* reason, const char* observed) {
  CheckResult result;
  result.check = "a check";
  result.verdict = verdict;
  result.reason = reason;
  result.observed = observed;
  return result;
}

TEST(MergedResults, TheWorstCountsAndWhatIsNotJudgedOnlyWhereNothingIs) {
  auto unjudged = saying(Verdict::fail, "bad", "stop");
  unjudged.judged = false;
  const std::vector some{saying(Verdict::pass, "good", "continue"), unjudged,
                         saying(Verdict::unknown, "who knows", "")};
  EXPECT_EQ(merged_partitions(some).verdict, Verdict::unknown);
  EXPECT_TRUE(merged_partitions(some).judged);
  EXPECT_EQ(merged_partitions(some).reason, "partition 3: who knows");
  EXPECT_EQ(merged_partitions(some).observed, "stop");
  const std::vector none{unjudged, unjudged};
  EXPECT_FALSE(merged_partitions(none).judged);
  EXPECT_EQ(merged_partitions(none).reason, "bad");
}

TEST(MergedResults, NumbersAreSummedAndDurationsAreTheLongest) {
  auto one = saying(Verdict::pass, "", "3"), other = saying(Verdict::pass, "", "none");
  one.counts = {{"lost", 3}, {"longest_gap_ns", 10}};
  other.counts = {{"longest_gap_ns", 7}, {"lost", 4}, {"more", 1}};
  const std::vector both{other, one, saying(Verdict::pass, "", "4")};
  const CheckResult result = merged_partitions(both);
  EXPECT_EQ(result.observed, "7");
  EXPECT_EQ(count(result.counts, "lost"), 7u);
  EXPECT_EQ(count(result.counts, "longest_gap_ns"), 10u);
  EXPECT_EQ(count(result.counts, "more"), 1u);
}

TEST(MergedResults, WhatWasNotSeenInOneIsNotSaidOfAll) {
  const std::vector good{saying(Verdict::pass, "", "continue"), saying(Verdict::pass, "", "")};
  EXPECT_EQ(merged_partitions(good).observed, "");
  const std::vector lost{saying(Verdict::pass, "", "none"),
                         saying(Verdict::unknown, "", "unknown")};
  EXPECT_EQ(merged_partitions(lost).observed, "unknown");
}

}  // namespace
}  // namespace faultline::testing
