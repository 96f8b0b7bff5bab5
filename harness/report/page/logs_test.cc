#include "harness/report/page/logs.h"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/cluster/testing.h"

namespace faultline {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t midnight = 1'795'651'200 * second_ns;  // 2026-11-26T00:00:00Z

class Logs : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_, std::ios::binary) << text; }
  LogExcerpt excerpt(std::int64_t from, std::int64_t to, std::size_t most = 10) {
    return log_excerpt(file_, midnight + from * second_ns, midnight + to * second_ns, midnight,
                       most);
  }

  testing::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "nats.log";
};

TEST_F(Logs, ReadsTheTimeOfALine) {
  EXPECT_EQ(log_time("[81] 2026/11/26 00:00:01.500000 [INF] x"), midnight + second_ns * 3 / 2);
  for (const char* line : {"", "[", "[81] ", "[81] 2026/13/26 00:00:01.500000 x",
                           "goroutine 1 [running]:", "2026/11/26 00:00:01.500000"})
    EXPECT_EQ(log_time(line), std::nullopt) << line;
}

TEST_F(Logs, TakesTheLinesOfAStretchAndWhatBelongsToThem) {
  write(
      "[8] 2026/11/26 00:00:00.100000 [INF] begin\n"
      "[8] 2026/11/26 00:00:10.000000 [ERR] inside\n"
      "panic: it\n"
      "[8] 2026/11/26 00:00:20.000000 [INF] after\n");
  EXPECT_EQ(excerpt(5, 15).lines,
            (std::vector<std::string>{"[8] 2026/11/26 00:00:10.000000 [ERR] inside", "panic: it"}));
}

TEST_F(Logs, OfAnotherTimeZone) {
  write(
      "[8] 2026/11/25 18:30:00.100000 [INF] begin\n[8] 2026/11/25 18:30:10.000000 [INF] inside\n");
  EXPECT_EQ(excerpt(5, 15).lines.size(), 1u);
}

TEST_F(Logs, IsCappedAndRedacted) {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "[8] 2026/11/26 00:00:01.000000 nats://u:secret@h " + std::string(100'000, 'x') + "\n";
  write(text);
  const LogExcerpt all = excerpt(0, 5, 10);
  EXPECT_EQ(all.lines.size(), 10u);
  EXPECT_EQ(all.left_out, 40u);
  EXPECT_LT(all.lines[0].size(), 400u);
  EXPECT_EQ(all.lines[0].find("secret"), std::string::npos);
}

TEST_F(Logs, AreEmptyWhereThereIsNone) { EXPECT_TRUE(excerpt(0, 5).lines.empty()); }

}  // namespace
}  // namespace faultline
