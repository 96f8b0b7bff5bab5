#include "faults/damage_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace faultline {
namespace {

using Files = std::vector<StoredFile>;

const std::string blocks = "jetstream/$G/streams/log/msgs/";
const DataFiles block{.patterns = {"jetstream/*/streams/log/msgs/*.blk"}, .last_is_open = true};

TEST(DamageChoice, OnlyWhatIsMeantAndHasSomethingInIt) {
  const Files all{{blocks + "1.blk", 10},
                  {blocks + "index.db", 10},
                  {blocks + "2.blk", 0},
                  {"jetstream/$G/streams/other/msgs/1.blk", 10},
                  {"jetstream/$G/streams/log/msgs/deeper/1.blk", 10},
                  {"jetstream/$SYS/_js_/_meta_/msgs/1.blk", 10}};
  EXPECT_EQ(choosable(all, block), (Files{{blocks + "1.blk", 10}}));
  EXPECT_EQ(choosable(all, {}), Files{});
  EXPECT_EQ(choosable(all, {.patterns = {"jetstream/$SYS/_js_/*/msgs/*.blk"}}),
            (Files{{"jetstream/$SYS/_js_/_meta_/msgs/1.blk", 10}}));
}

TEST(DamageChoice, TheLastBlockOnlyWhereThereIsNoOther) {
  EXPECT_EQ(choosable({{blocks + "9.blk", 1}}, block), (Files{{blocks + "9.blk", 1}}));
  EXPECT_EQ(
      choosable({{blocks + "10.blk", 1}, {blocks + "8.blk", 1}, {blocks + "9.blk", 1}}, block),
      (Files{{blocks + "8.blk", 1}, {blocks + "9.blk", 1}}));
  const DataFiles closed{.patterns = block.patterns};
  EXPECT_EQ(choosable({{blocks + "1.blk", 1}, {blocks + "2.blk", 1}}, closed).size(), 2u);
}

TEST(DamageChoice, IsTheSameForTheSameSeedAndServer) {
  const auto all = [](std::uint64_t seed, const std::string& server) {
    auto random = random_of(seed, server);
    return choose_bits(8'000'000, 64, random);
  };
  EXPECT_EQ(all(7, "n1"), all(7, "n1"));
  EXPECT_NE(all(7, "n1"), all(7, "n2"));
  EXPECT_NE(all(7, "n1"), all(8, "n1"));
  EXPECT_NE(all(7, "n1"), all(7 + (1ULL << 32), "n1"));
}

TEST(DamageChoice, LiesWithinTheFile) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  auto random = random_of(seed, "n1");
  for (int round = 0; round < 2000; ++round) {
    const auto bytes = random() % 6000 + 1;
    const auto wanted = static_cast<std::uint32_t>(random() % 64 + 1);
    const auto bits = choose_bits(bytes, wanted, random);
    ASSERT_EQ(bits.size(), std::min<std::uint64_t>(wanted, 8 * bytes));
    ASSERT_EQ(std::set(bits.begin(), bits.end()).size(), bits.size());
    ASSERT_LT(bits.back(), 8 * bytes);
    const auto cut = choose_cut(bytes, random);
    ASSERT_GE(cut, 1u);
    ASSERT_LE(cut, std::min<std::uint64_t>(bytes, 4096));
    const Files files(random() % 9 + 1, {"x", 1});
    ASSERT_EQ(choose_file(files, random).path, "x");
  }
}

TEST(DamageChoice, EveryFileAndEveryByteHasItsTurn) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  auto random = random_of(seed, "n1");
  const Files files{{"a", 1}, {"b", 1}, {"c", 1}};
  std::set<std::string> seen;
  std::set<std::uint64_t> bits;
  for (int round = 0; round < 1000; ++round) {
    seen.insert(choose_file(files, random).path);
    bits.insert(choose_bits(2, 1, random).front());
  }
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(bits.size(), 16u);
}

}  // namespace
}  // namespace faultline
