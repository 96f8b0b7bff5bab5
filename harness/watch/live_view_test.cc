#include "harness/watch/live_view.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "checkers/history_file.h"
#include "checkers/history_random.h"
#include "harness/report/progress.h"
#include "harness/watch/output.h"
#include "harness/watch/testing.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using testing::make_history_of_a_fault;

constexpr Time begin = 1000 * second;

LiveState state_of(const History& history, std::optional<Time> now = std::nullopt) {
  LiveView view;
  view.read(history);
  return view.state(now);
}

// All of it, as JSON.
std::string text(const Header& header, const LiveState& state) {
  std::ostringstream out;
  watch_json(out)->show({"suite/run", 1, &header}, state);
  return out.str();
}

TEST(LiveView, IsTheSameHoweverTheFileGrew) {
  const std::uint64_t first = std::random_device{}();
  for (std::uint64_t seed = first; seed < first + 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRecording random(seed);
    const std::string bytes = random.make(random.below(400)).bytes();
    const std::size_t longest = 1 + random.below(1 + bytes.size() / 2);
    GrowingHistory growing;
    LiveView view;
    for (std::size_t size = 0; size < bytes.size();) {
      const std::size_t piece = std::min(1 + random.below(longest), bytes.size() - size);
      growing.append(std::string_view(bytes).substr(size, piece));
      size += piece;
      if (!growing.has_header()) continue;
      view.read(growing.history());
      if (longest < 20 && random.below(20) != 0 && size < bytes.size()) continue;
      const History whole = decode_history(std::string_view(bytes).substr(0, size));
      ASSERT_EQ(text(whole.header, view.state(std::nullopt)), text(whole.header, state_of(whole)));
    }
  }
}

TEST(LiveView, ToldFromTheHistoryWhatTheRunShows) {
  const LiveState state = state_of(make_history_of_a_fault());
  const ProgressFigures& figures = state.figures;
  EXPECT_EQ(figures.phase, "fault");
  EXPECT_EQ(figures.elapsed, milliseconds(20'000));
  EXPECT_EQ(figures.phase_elapsed, milliseconds(8'000));
  EXPECT_EQ(figures.phase_length, milliseconds(30'000)) << "the scenario's";
  EXPECT_EQ(in_words(figures.faults), "broker-kill leader (n2)");
  EXPECT_EQ(figures.writes_per_second, 10);
  EXPECT_EQ(figures.reads_per_second, 10) << "deliveries: the leader's reads fail";
  EXPECT_EQ(figures.unavailable_writes, milliseconds(0));
  EXPECT_EQ(figures.unavailable_reads, milliseconds(2'000));
  EXPECT_EQ(state.writes, (OutcomeCounts{171, 0, 29}));
  EXPECT_EQ(state.reads, (OutcomeCounts{180, 20, 0}));
  EXPECT_EQ(state.deliveries, (OutcomeCounts{200, 0, 0}));
  EXPECT_EQ(state.leaders->stream, "n1");
  EXPECT_EQ(state.events.size(), LiveView::shown_events);
  EXPECT_EQ(state.silence, milliseconds(0));
}

TEST(LiveView, AGapOfOnePartitionIsNotFilledByTheOthers) {
  History history = make_history_of_a_fault();
  history.header.partitions = 2;
  history.events.insert(history.events.begin() + 2, {begin, ProcessStarted{2, "producer", "", 2}});
  history.events.push_back({begin + 20 * second, LeadersSeen{"n3", "n3", {}, 2}});
  Operation other =
      testing::make_operation(OperationKind::publish, Outcome::ok, begin + 5 * second);
  other.process = 2;
  history.operations.insert(history.operations.begin(), other);
  const LiveState state = state_of(history);
  EXPECT_EQ(state.figures.unavailable_writes, milliseconds(15'000));
  EXPECT_EQ(state.writes, (OutcomeCounts{172, 0, 29}));
  EXPECT_EQ(state.leaders->stream, "n1") << "of the first";
}

TEST(LiveView, AnOperationCountsOnceItIsCompleted) {
  History history = make_history_of_a_fault();
  LiveView view;
  view.read(history);
  Operation& under_way = history.operations.back();
  under_way.outcome = Outcome::fail;
  under_way.completed = begin + 21 * second;
  view.read(history);
  view.read(history);
  EXPECT_EQ(view.state(std::nullopt).writes, (OutcomeCounts{171, 1, 29}));
}

TEST(LiveView, NothingAtThePollsEndIsNoDelivery) {
  History history = make_history_of_a_fault();
  Operation poll =
      testing::make_operation(OperationKind::deliver, Outcome::ok, begin + 20 * second);
  poll.answer = Answer::absent;
  history.operations.push_back(poll);
  EXPECT_EQ(state_of(history).deliveries, (OutcomeCounts{200, 0, 0}));
}

// What was recorded in the last second need not be in the file yet: no gap may come of that.
TEST(LiveView, WhatIsNotInTheFileYetIsNoGap) {
  const History history = make_history_of_a_fault();
  const LiveState soon = state_of(history, begin + 20'900 * millisecond);
  EXPECT_EQ(soon.figures.unavailable_writes, milliseconds(0));
  EXPECT_EQ(soon.figures.writes_per_second, 10);
  const LiveState later = state_of(history, begin + 27 * second);
  EXPECT_EQ(later.figures.elapsed, milliseconds(26'000));
  EXPECT_EQ(later.figures.unavailable_writes, milliseconds(6'000));
  EXPECT_EQ(later.figures.writes_per_second, 0);
  EXPECT_EQ(later.silence, milliseconds(6'000));
}

TEST(LiveView, AClockOfAnotherBootIsNotBelieved) {
  EXPECT_EQ(state_of(make_history_of_a_fault(), 5 * second).figures.elapsed, milliseconds(20'000));
}

TEST(LiveView, AFaultIsShownUntilItIsSeenUndone) {
  History history = make_history_of_a_fault();
  const auto change = [&](FaultStage stage, std::vector<std::string> servers) {
    history.events.push_back(
        {begin + 20 * second, FaultChanged{0, stage, "broker-kill", "leader", servers, ""}});
    return in_words(state_of(history).figures.faults);
  };
  EXPECT_EQ(change(FaultStage::held, {"n2"}), "broker-kill leader (n2)");
  EXPECT_EQ(change(FaultStage::healing, {"n2"}), "broker-kill leader (n2)");
  EXPECT_EQ(change(FaultStage::unhealed, {"n2"}), "broker-kill leader (n2)");
  EXPECT_EQ(change(FaultStage::healed, {"n2"}), "");
}

TEST(LiveView, AClosedHistoryIsBeingJudgedAndAgesNoMore) {
  History history = make_history_of_a_fault();
  history.closed = true;
  const LiveState state = state_of(history, begin + 60 * second);
  EXPECT_EQ(state.figures.phase, "judging");
  EXPECT_EQ(state.figures.elapsed, milliseconds(20'000));
  EXPECT_EQ(state.silence, milliseconds(0));
}

}  // namespace
}  // namespace faultline
