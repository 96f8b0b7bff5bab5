#include "harness/report/terminal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "harness/report/testing.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

std::size_t lines(const std::string& text) { return std::ranges::count(text, '\n'); }

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

ProgressFigures make_figures(const std::string& phase, int elapsed_ms) {
  ProgressFigures figures;
  figures.phase = phase;
  figures.elapsed = figures.phase_elapsed = milliseconds(elapsed_ms);
  figures.phase_length = milliseconds(30'000);
  figures.live.writes_ok = 1;
  figures.writes_per_second = 198.4;
  figures.reads_per_second = 142;
  figures.unavailable_writes = milliseconds(3210);
  return figures;
}

TEST(Terminal, SaysThatAFailureIsKnownAndStillCallsItOne) {
  const auto text = verdict_lines(testing::make_known(), {});
  EXPECT_TRUE(text.starts_with("FAIL")) << text;
  EXPECT_NE(text.find("\n  known: nats-server#6888 (https://example.org/issues/6888)\n"),
            std::string::npos)
      << text;
}

TEST(Terminal, PlainLinesAreRare) {
  std::ostringstream out;
  Terminal terminal(out, {});
  for (int ms = 0; ms < 20'000; ms += 500) terminal.update(make_figures("steady", ms));
  EXPECT_EQ(lines(out.str()), 4u) << out.str();
  EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
}

TEST(Terminal, PlainLinesTellEveryPhaseAndFault) {
  std::ostringstream out;
  Terminal terminal(out, {});
  terminal.update(make_figures("steady", 100));
  ProgressFigures struck = make_figures("fault", 200);
  terminal.update(struck);
  struck.faults = {{"broker-kill", "leader", {"n2"}}};
  terminal.update(struck);
  terminal.update(struck);
  EXPECT_EQ(occurrences(out.str(), "0:00"), 3u) << out.str();
  EXPECT_NE(out.str().find("broker-kill leader (n2)"), std::string::npos);
  EXPECT_NE(out.str().find("writes 198/s, gap 3.2 s"), std::string::npos) << out.str();
}

TEST(Terminal, LiveBlockFitsAndIsReplaced) {
  std::ostringstream out;
  Terminal terminal(out, {true, false, 80});
  ProgressFigures figures = make_figures("fault", 12'000);
  figures.faults = {{"broker-kill", std::string(200, 'x'), {"n2"}}};
  terminal.update(figures);
  std::istringstream shown(out.str());
  for (std::string line; std::getline(shown, line);) EXPECT_LT(line.size(), 80u) << line;
  EXPECT_EQ(lines(out.str()), 2u);
  terminal.update(figures);
  EXPECT_NE(out.str().find("\x1b[2A\r\x1b[J"), std::string::npos);
}

TEST(Terminal, MessageDoesNotTearTheBlock) {
  std::ostringstream out;
  Terminal terminal(out, {true, false, 80});
  terminal.update(make_figures("steady", 0));
  out.str("");
  terminal.message("n2 exited");
  EXPECT_EQ(out.str(), "\x1b[2A\r\x1b[J  n2 exited\n");
  out.str("");
  terminal.message("n3 exited");
  EXPECT_EQ(out.str(), "  n3 exited\n");
}

TEST(Terminal, VerdictSaysWhy) {
  const std::string verdict = verdict_lines(testing::make_failed(), {});
  EXPECT_EQ(verdict,
            "FAIL  memory-storage  (1:12)\n"
            "  fail: lost 1204 of 9876 acknowledged (12 %)\n"
            "  fail lost, for example:\n"
            "    value 3/17, acknowledged as 1204, is in no replica\n"
            "  evidence: /results/suite/memory-storage\n");
}

// A gap was told twice: as the reason, then as its own example.
TEST(Terminal, AnExampleThatIsTheReasonIsNotRepeated) {
  RunResult run = testing::make_failed();
  CheckResult gap = testing::make_check("availability.writes", Verdict::fail, "stop", "no writes");
  gap.samples = {{"no writes", {}}, {"no writes again", {}}};
  run.judgement.checks.push_back(gap);
  EXPECT_EQ(occurrences(verdict_lines(run, {}), "no writes"), 2u) << verdict_lines(run, {});
}

TEST(Terminal, UnjudgedUnknownIsLeftOut) {
  RunResult run = testing::make_passed();
  run.judgement.checks[1].verdict = Verdict::unknown;
  run.judgement.checks[1].judged = false;
  EXPECT_EQ(lines(verdict_lines(run, {})), 2u);
}

TEST(Terminal, FindingsAreNeverLeftOutUnknownsAre) {
  RunResult run = testing::make_unknown();
  for (int i = 0; i < 5; ++i)
    run.judgement.checks.push_back(testing::make_check("later", Verdict::unknown, ""));
  run.judgement.checks.push_back(testing::make_check("crash", Verdict::fail, "", "n2 exited"));
  const std::string verdict = verdict_lines(run, {});
  EXPECT_NE(verdict.find("fail crash: n2 exited\n"), std::string::npos) << verdict;
  EXPECT_EQ(occurrences(verdict, "unknown later"), 2u) << verdict;
  EXPECT_NE(verdict.find("and 3 more unknown"), std::string::npos) << verdict;
}

TEST(Terminal, ColourOnlyWhereWanted) {
  const RunResult run = testing::make_passed();
  EXPECT_EQ(coloured_outcome(run, {true, false, 80}), "PASS");
  EXPECT_EQ(coloured_outcome(run, {true, true, 80}), "\x1b[32mPASS\x1b[0m");
}

}  // namespace
}  // namespace faultline
