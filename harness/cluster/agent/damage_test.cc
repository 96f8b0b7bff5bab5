#include "harness/cluster/agent/damage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "harness/cluster/testing.h"

namespace faultline::agent {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

class DamageTest : public ::testing::Test {
 protected:
  Bytes write_random(std::size_t size) {
    Bytes bytes(size);
    std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random_()); });
    std::ofstream(file_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return bytes;
  }

  Bytes content() const {
    std::ifstream file(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::size_t up_to(std::size_t most) { return random_() % most + 1; }

  faultline::testing::TemporaryFolder folder_;
  const std::string file_ = (folder_.path() / "file").string();
  const unsigned seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
};

TEST_F(DamageTest, FlippedAreExactlyTheBitsThatAreRecorded) {
  SCOPED_TRACE(seed_);
  for (int round = 0; round < 300; ++round) {
    const auto before = write_random(up_to(10'000));
    std::set<std::uint64_t> bits;
    for (auto count = up_to(20); count > 0; --count) bits.insert(random_() % (8 * before.size()));
    const auto changed = flip_bits(file_, std::vector(bits.begin(), bits.end()));
    auto wanted = before;
    for (const auto bit : bits) wanted[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ASSERT_EQ(content(), wanted);
    auto by_record = before;
    for (const auto& [offset, was, is] : changed) {
      ASSERT_EQ(by_record[offset], was);
      by_record[offset] = is;
      ASSERT_EQ(byte_at(file_, offset), is);
    }
    ASSERT_EQ(by_record, wanted);
  }
}

TEST_F(DamageTest, BitsOfOneByteAreOneChange) {
  std::ofstream(file_) << "ab";
  EXPECT_EQ(flip_bits(file_, std::vector<std::uint64_t>{8, 9}),
            (std::vector<FlippedByte>{{1, 'b', 'a'}}));
}

TEST_F(DamageTest, CutIsExactlyWhatIsReturned) {
  SCOPED_TRACE(seed_);
  for (int round = 0; round < 300; ++round) {
    const auto before = write_random(up_to(10'000));
    const auto lost = cut_end(file_, up_to(12'000));
    auto whole = content();
    whole.insert(whole.end(), lost.begin(), lost.end());
    ASSERT_EQ(whole, before);
    ASSERT_FALSE(lost.empty());
  }
}

TEST_F(DamageTest, WhatIsNotThereIsNotDamaged) {
  EXPECT_THROW(flip_bits(file_, std::vector<std::uint64_t>{0}), std::system_error);
  EXPECT_THROW(cut_end(file_, 1), std::system_error);
  std::ofstream(file_) << "ab";
  EXPECT_THROW(flip_bits(file_, std::vector<std::uint64_t>{0, 16}), std::runtime_error);
  EXPECT_EQ(content(), (Bytes{'a', 'b'})) << "all or nothing";
}

TEST_F(DamageTest, EveryRegularFileIsFound) {
  fs::create_directories(folder_.path() / "a/b");
  std::ofstream(folder_.path() / "a/b/1 2") << "xyz";
  std::ofstream(folder_.path() / "a/0").flush();
  fs::create_symlink("b", folder_.path() / "a/link");
  const auto found = files_below(folder_.path());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].path, "a/0");
  EXPECT_EQ(found[0].bytes, 0u);
  EXPECT_EQ(found[1].path, "a/b/1 2");
  EXPECT_EQ(found[1].bytes, 3u);
}

}  // namespace
}  // namespace faultline::agent
