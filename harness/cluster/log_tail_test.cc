#include "harness/cluster/log_tail.h"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/cluster/testing.h"

namespace faultline {
namespace {

std::string tail_of(const std::string& content, std::size_t lines) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "log";
  std::ofstream(path, std::ios::binary) << content;
  return last_lines(path, lines);
}

TEST(LogTail, GivesTheLastLines) {
  EXPECT_EQ(tail_of("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(tail_of("a\nb\nc", 2), "b\nc");
  EXPECT_EQ(tail_of("a\nb\nc\n", 3), "a\nb\nc");
  EXPECT_EQ(tail_of("a\nb\nc\n", 100), "a\nb\nc");
  EXPECT_EQ(tail_of("a\n", 0), "");
  EXPECT_EQ(tail_of("", 5), "");
  EXPECT_EQ(tail_of("\n\n", 5), "");
  EXPECT_EQ(last_lines("/nowhere/at/all", 5), "");
}

TEST(LogTail, ReadsOnlyTheEndOfALongFile) {
  const auto tail = tail_of(std::string(1'000'000, 'x') + "\nlast\n", 2);
  EXPECT_LE(tail.size(), 64u * 1024);
  EXPECT_TRUE(tail.ends_with("\nlast"));
}

TEST(LogTail, TellingLineIsThePanicNotItsTrace) {
  EXPECT_EQ(telling_line("[INF] up\npanic: nil map\n\ngoroutine 1:\nmain.go:1"), "panic: nil map");
  EXPECT_EQ(telling_line("[INF] up\n[FTL] no port\n[INF] bye"), "[FTL] no port");
  EXPECT_EQ(telling_line("first\nlast\n"), "last");
  EXPECT_EQ(telling_line(""), "");
}

}  // namespace
}  // namespace faultline
