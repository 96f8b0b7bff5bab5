#include "workloads/payload.h"

#include <gtest/gtest.h>

#include <random>

namespace faultline {
namespace {

constexpr DecodedPayload corrupt{Answer::corrupt, {}};

TEST(Payload, BringsBackWhatWasWritten) {
  const auto run = run_hash("run-1");
  for (std::size_t size : {0u, 28u, 29u, 64u, 255u, 65'536u}) {
    const Value value{7, 1'000'000'000'000};
    const auto payload = encode_payload(run, value, size, 42);
    EXPECT_EQ(payload.size(), std::max(size, min_payload_size));
    EXPECT_EQ(decode_payload(run, payload), (DecodedPayload{Answer::message, value}));
  }
}

TEST(Payload, IsTheSameBytesEverywhere) {
  // Of another CRC-32C implementation: the format must not change unnoticed.
  EXPECT_EQ(run_hash(""), 0xCBF29CE484222325u);
  EXPECT_EQ(run_hash("a"), 0xAF63DC4C8601EC8Cu);
  EXPECT_EQ(encode_payload(0x0102030405060708, {1, 2}, 28, 0).substr(0, 24),
            std::string("\x08\7\6\5\4\3\2\1\1\0\0\0\2\0\0\0\0\0\0\0\x1c\0\0\0", 24));
}

TEST(Payload, EveryBitFlipIsDetected) {
  const auto run = run_hash("run-1");
  const auto payload = encode_payload(run, {3, 17}, 100, 1);
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    auto damaged = payload;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(decode_payload(run, damaged), corrupt) << "bit " << bit;
  }
}

TEST(Payload, EveryTruncationAndExtensionIsDetected) {
  const auto run = run_hash("run-1");
  const auto payload = encode_payload(run, {3, 17}, 100, 1);
  for (std::size_t size = 0; size < payload.size(); ++size)
    EXPECT_EQ(decode_payload(run, payload.substr(0, size)), corrupt) << size;
  EXPECT_EQ(decode_payload(run, payload + '\0'), corrupt);
  EXPECT_EQ(decode_payload(run, payload + payload), corrupt);
}

TEST(Payload, OfAnotherRunIsForeign) {
  const auto payload = encode_payload(run_hash("run-1"), {3, 17}, 100, 1);
  EXPECT_EQ(decode_payload(run_hash("run-2"), payload), (DecodedPayload{Answer::foreign, {}}));
}

TEST(Payload, RandomMutationsAreNeverTakenForAnotherValue) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const auto run = run_hash("run-1");
  for (int round = 0; round < 20'000; ++round) {
    const Value value{static_cast<std::uint32_t>(random() % 8), random() % 1000 + 1};
    const auto payload = encode_payload(run, value, 28 + random() % 200, random());
    auto damaged = payload;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      const auto at = random() % damaged.size();
      switch (random() % 4) {
        case 0:
          damaged[at] = static_cast<char>(random());
          break;
        case 1:
          damaged.erase(at, random() % 16 + 1);
          break;
        case 2:
          damaged.insert(at, 1, static_cast<char>(random()));
          break;
        case 3:  // a page of zeros, as after a lost write
          std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(at), damaged.end(), '\0');
          break;
      }
      if (damaged.empty()) break;
    }
    if (damaged == payload) continue;
    EXPECT_EQ(decode_payload(run, damaged), corrupt);
  }
}

}  // namespace
}  // namespace faultline
