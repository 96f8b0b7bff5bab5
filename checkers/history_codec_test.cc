#include "checkers/history_codec.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

// The vectors of RFC 3720, B.4, and the usual check value.
TEST(Crc32c, PublishedVectors) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) {
    ascending.push_back(static_cast<char>(i));
    descending.push_back(static_cast<char>(31 - i));
  }
  EXPECT_EQ(crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(crc32c(descending), 0x113fdb5cu);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Zigzag, SmallForEitherSign) {
  EXPECT_EQ(zigzag(0), 0u);
  EXPECT_EQ(zigzag(-1), 1u);
  EXPECT_EQ(zigzag(1), 2u);
  EXPECT_EQ(zigzag(INT64_MAX), UINT64_MAX - 1);
  EXPECT_EQ(zigzag(INT64_MIN), UINT64_MAX);
  for (const std::int64_t n :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{300}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(unzigzag(zigzag(n)), n);
  }
}

TEST(Delta, WrapsAround) {
  for (const std::uint64_t from : {std::uint64_t{0}, std::uint64_t{7}, UINT64_MAX}) {
    for (const std::uint64_t to : {std::uint64_t{0}, std::uint64_t{6}, UINT64_MAX}) {
      EXPECT_EQ(apply_delta(from, delta(from, to)), to);
    }
  }
  EXPECT_EQ(delta(UINT64_MAX, 0), 2u);
}

TEST(Varint, RoundTripsAtEveryLength) {
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t n : {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1}) {
      std::string bytes;
      append_varint(bytes, n);
      ByteCursor in(bytes);
      EXPECT_EQ(in.varint(), n);
      EXPECT_TRUE(in.ok() && in.at_end());
    }
  }
}

TEST(Varint, RefusesWhatDoesNotFit) {
  const auto fails = [](std::string_view bytes) {
    ByteCursor in(bytes);
    return in.varint() == 0 && !in.ok() && in.at_end();
  };
  EXPECT_TRUE(fails(""));
  EXPECT_TRUE(fails("\x80"));
  EXPECT_TRUE(fails("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
  EXPECT_TRUE(fails("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(ByteCursor, AStringNeverReachesBeyondTheEnd) {
  const std::string bytes =
      "\x05"
      "abcd";
  ByteCursor in(bytes);
  EXPECT_EQ(in.string(), "");
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace faultline
