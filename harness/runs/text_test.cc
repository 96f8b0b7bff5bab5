#include "harness/runs/text.h"

#include <gtest/gtest.h>

#include "checkers/testing.h"
#include "harness/runs/record.h"

namespace faultline {
namespace {

TEST(RunsText, AgesAndSizes) {
  EXPECT_EQ(parse_age("90d"), 90 * 86'400 * second);
  EXPECT_EQ(parse_age("0s"), 0);
  EXPECT_EQ(parse_age("2w"), 14 * 86'400 * second);
  EXPECT_EQ(parse_size("20G"), 20ULL << 30);
  EXPECT_EQ(parse_size("20GB"), 20ULL << 30);
  EXPECT_EQ(parse_size("20GiB"), 20ULL << 30);
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("512B"), 512u);
}

TEST(RunsText, WhatIsNoneIsRefusedInOneLine) {
  const auto refused = [](const auto& parse, const std::string& text) {
    try {
      parse(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const RunsError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  };
  for (const char* text : {"", "d", "90", "-1d", "1.5d", "9e9d", "1y", "1d ", " 1d", "1dd", "1d\n",
                           "99999999999999999999d", "200000000w"})
    refused(parse_age, text);
  for (const char* text : {"", "G", "-1", "1.5G", "1X", "1KG", "20 G", "1i", "1iB5", "20000000T",
                           "99999999999999999999", "1GG"})
    refused(parse_size, text);
}

TEST(RunsText, NothingActsOnATerminal) {
  EXPECT_EQ(plain("a\x1b[2Jb\nc\x7f"), "a [2Jb c ");
  EXPECT_EQ(plain("\xc2\x9b"
                  "31m"),
            " 31m")
      << "a C1 control character";
  EXPECT_EQ(plain("\xe2\x80\xae"
                  "evil"),
            " evil")
      << "right to left";
  EXPECT_EQ(plain("\xff\xc3"), "??");
  EXPECT_EQ(plain("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(plain("a€ü"), "a€ü");
}

TEST(RunsText, FitsToTheColumn) {
  EXPECT_EQ(fit("abc", 5), "abc  ");
  EXPECT_EQ(fit("a€cdef", 4), "a€c…");
  EXPECT_EQ(fit("abc", 0), "");
}

TEST(RunsText, SparklinesShowTheLast) {
  EXPECT_EQ(sparkline({1.0, std::nullopt, 4.0, 8.0}, 4), "▂ ▅█");
  EXPECT_EQ(sparkline({8.0, 0.0, 0.0}, 2), "▁▁");
  EXPECT_EQ(sparkline({5.0}, 3), "  █");
  EXPECT_EQ(sparkline({}, 2), "  ");
}

}  // namespace
}  // namespace faultline
