#include "harness/watch/output.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/report/testing.h"
#include "harness/watch/testing.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

LiveState state_of(const History& history) {
  LiveView view;
  view.read(history);
  return view.state(std::nullopt);
}

std::string shown(const History& history, const TerminalStyle& style, bool once = false) {
  std::ostringstream out;
  watch_terminal(
      out, [&] { return style; }, once)
      ->show({"suite/broker-leader", 3, &history.header}, state_of(history));
  return out.str();
}

constexpr const char* picture =
    "[3] 1.3 broker-leader: The leader's broker is down\n"
    "  0:20  fault 8 of 30 s   broker-kill leader (n2)\n"
    "        writes 10/s, gap 0.0 s   reads 10/s, gap 2.0 s\n"
    "        leaders: stream n1, metadata group n3, keeps-up n1\n"
    "        writes          171 ok        0 failed       29 unknown\n"
    "        reads           180 ok       20 failed        0 unknown\n"
    "        deliveries      200 ok        0 failed        0 unknown\n"
    "      +1.000 s  leaders: stream n2, metadata group n3, keeps-up n1\n"
    "     +12.000 s  phase fault\n"
    "     +12.000 s  fault 0 broker-kill striking: leader = n2\n"
    "     +12.100 s  fault 0 broker-kill proven: leader = n2: gone\n"
    "     +14.000 s  leaders: stream n1, metadata group n3, keeps-up n1\n";

TEST(WatchTerminal, ShowsWhatTheRunShowsAndMore) {
  const History history = testing::make_history_of_a_fault();
  EXPECT_EQ(shown(history, {true, false, 80}), picture);
  EXPECT_EQ(shown(history, {}, true), picture) << "once, without a terminal";
  EXPECT_EQ(shown(history, {}),
            "[3] 1.3 broker-leader: The leader's broker is down\n"
            "  0:20  fault 8 of 30 s   writes 10/s, gap 0.0 s   reads 10/s, gap 2.0 s\n"
            "    broker-kill leader (n2)\n");
}

TEST(WatchTerminal, APictureIsReplacedAlsoAfterTheTerminalBecameNarrower) {
  const History history = testing::make_history_of_a_fault();
  TerminalStyle style{true, false, 80, 24};
  std::ostringstream out;
  const auto output = watch_terminal(
      out, [&] { return style; }, false);
  const WatchedRun run{"suite/broker-leader", 3, &history.header};
  output->show(run, state_of(history));
  out.str("");
  output->show(run, state_of(history));
  EXPECT_TRUE(out.str().starts_with("\x1b[11A\r\x1b[J  0:20  fault")) << out.str();
  style.columns = 40;
  out.str("");
  output->show(run, state_of(history));  // all but "phase fault" are two rows now
  EXPECT_TRUE(out.str().starts_with("\x1b[21A\r\x1b[J  0:20  fault")) << out.str();
}

// The title was written below the picture of the deployment, and then erased in its stead.
TEST(WatchTerminal, TheTitleTakesThePlaceOfTheDeployment) {
  const History history = testing::make_history_of_a_fault();
  std::ostringstream out;
  const auto output = watch_terminal(
      out,
      [] {
        return TerminalStyle{true, false, 80};
      },
      false);
  LiveState deploying;
  deploying.figures.phase = "deploy";
  output->show({"suite/broker-leader", 3, nullptr}, deploying);
  EXPECT_EQ(out.str(), "  0:00  deploy: nothing of broker-leader is recorded yet\n\n");
  out.str("");
  output->show({"suite/broker-leader", 3, &history.header}, state_of(history));
  EXPECT_EQ(out.str(), "\x1b[2A\r\x1b[J" + std::string(picture));
}

TEST(WatchTerminal, APictureFitsALowTerminal) {
  const std::string low = shown(testing::make_history_of_a_fault(), {true, false, 80, 5});
  EXPECT_EQ(std::ranges::count(low, '\n'), 1 + 4) << low;
}

// Names, evidence and notes come from brokers and from users.
History nasty_history() {
  History history = testing::make_history_of_a_fault();
  const std::string nasty =
      "\x1b]0;owned\a\x1b[2J\r\n<script>\xc2\x9b"
      "31m\xff " +
      std::string(100, 'x') + "\xe6\xbc\xa2\xe5\xad\x97";
  const Time now = history.events.back().time;
  history.header.scenario_name = nasty;
  history.events.push_back({now, PhaseStarted{nasty}});
  history.events.push_back({now, LeadersSeen{nasty, nasty, {{nasty, nasty}}}});
  history.events.push_back(
      {now, FaultChanged{1, FaultStage::proven, nasty, nasty, {nasty}, nasty}});
  history.events.push_back({now, Note{"nats://user:hunter2@host " + nasty}});
  return history;
}

void expect_harmless(const std::string& text) {
  for (const char c : text) EXPECT_FALSE((c >= 0 && c < ' ' && c != '\n') || c == 0x7f) << text;
  for (const char* bad : {"\xc2\x9b", "\xff", "hunter2"})
    EXPECT_EQ(text.find(bad), std::string::npos) << text;
}

TEST(WatchTerminal, FitsWhateverTheNamesAndActsOnNothing) {
  for (const std::size_t columns : {40, 61, 80})
    for (const bool live : {false, true}) {
      const std::string text = shown(nasty_history(), {live, false, columns});
      expect_harmless(text);
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);)
        EXPECT_LE(line.size(), columns - (live && line.starts_with("  "))) << line;
    }
}

TEST(WatchJson, IsAnObjectALineAndHarmless) {
  const History history = nasty_history();
  std::ostringstream out;
  const auto output = watch_json(out);
  output->message("the history: damaged");
  output->show({"suite/broker-leader", 3, &history.header}, state_of(history));
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), 1);
  expect_harmless(out.str());
  const auto json = nlohmann::json::parse(out.str());
  EXPECT_EQ(json["schema"], "faultline/watch/v1");
  EXPECT_EQ(json["suite"], "suite");
  EXPECT_EQ(json["run"], "broker-leader");
  EXPECT_EQ(json["state"], "running");
  EXPECT_EQ(json["elapsed_ms"], 20'000);
  EXPECT_EQ(json["writes"], (nlohmann::json{{"ok", 171}, {"failed", 0}, {"unknown", 29}}));
  EXPECT_EQ(json["reads_gap_ms"], 2'000);
  EXPECT_EQ(json["problem"], "the history: damaged");
  EXPECT_EQ(json["events"].size(), LiveView::shown_events);
}

TEST(WatchJson, EndsWithTheVerdict) {
  std::ostringstream out;
  const RunResult run = testing::make_failed();
  watch_json(out)->ended({run.folder, 1, nullptr}, run, WatchEnd::finished, exit_violation);
  const auto json = nlohmann::json::parse(out.str());
  EXPECT_EQ(json["state"], "finished");
  EXPECT_EQ(json["outcome"], "fail");
  EXPECT_EQ(json["reason"], "fail: lost 1204 of 9876 acknowledged (12 %)");
  EXPECT_EQ(json["exit_code"], 1);
}

}  // namespace
}  // namespace faultline
