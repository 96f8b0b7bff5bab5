#include "harness/watch/history_tail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "checkers/history_random.h"
#include "harness/watch/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

class HistoryTailTest : public ::testing::Test {
 protected:
  void append(std::string_view bytes) {
    std::ofstream(file_, std::ios::binary | std::ios::app) << bytes;
  }
  std::string refusal() {
    try {
      tail_.read();
    } catch (const HistoryError& error) {
      return error.what();
    }
    return "";
  }
  std::string of_file(const std::string& what) const { return file_.string() + ": " + what; }

  testing::TestFolder folder_;
  const fs::path file_ = folder_.path() / "history.flt";
  HistoryTail tail_{file_};
};

TEST_F(HistoryTailTest, GrowsWithItsFile) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Recording recording = RandomRecording(seed).make(500);
  const std::string bytes = recording.bytes();
  tail_.read();
  EXPECT_FALSE(tail_.has_begun()) << "before there is a file";
  RandomRecording random(seed + 1);
  for (std::size_t size = 0; size < bytes.size();) {
    const std::size_t piece = std::min(1 + random.below(2000), bytes.size() - size);
    append(std::string_view(bytes).substr(size, piece));
    size += piece;
    tail_.read();
    if (!tail_.has_begun()) continue;
    const History wanted = decode_history(std::string_view(bytes).substr(0, size));
    ASSERT_TRUE(tail_.history().operations == wanted.operations);
    ASSERT_TRUE(tail_.history().events == wanted.events);
    EXPECT_EQ(tail_.problem(), "");
  }
  EXPECT_TRUE(tail_.history().closed);
}

TEST_F(HistoryTailTest, AFileThatIsNotTheSameAnyMoreIsRefused) {
  const std::string bytes = RandomRecording(1).make(100).bytes();
  append(bytes);
  tail_.read();
  fs::resize_file(file_, bytes.size() / 2);
  EXPECT_EQ(refusal(), of_file("became shorter: it was cut or replaced while it was watched"));
  fs::rename(file_, folder_.path() / "old");
  EXPECT_EQ(refusal(), of_file("is gone: it was removed while it was watched"));
  append(bytes);
  EXPECT_EQ(refusal(), of_file("is another file now: it was replaced while it was watched"));
}

TEST_F(HistoryTailTest, WhatIsNoHistoryIsRefused) {
  append("not a history");
  EXPECT_EQ(refusal(), of_file("is not a faultline history: name the file that a run wrote"));
}

TEST_F(HistoryTailTest, ANewerFormatIsRefused) {
  append(encode_preamble(99));
  EXPECT_NE(refusal().find("written by a newer faultline"), std::string::npos);
}

TEST_F(HistoryTailTest, APipeIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), of_file("is not a regular file"));
}

TEST_F(HistoryTailTest, DamageIsToldOnceItIsSure) {
  const std::vector<std::string> blocks = RandomRecording(2).make(300).blocks();
  ASSERT_GT(blocks.size(), 3u);
  append(blocks[0] + blocks[1] + blocks[2].substr(0, blocks[2].size() - 1));
  tail_.read();
  EXPECT_EQ(tail_.problem(), "") << "the rest of the block may come";
  append("\x01");
  append(blocks[2]);
  tail_.read();
  EXPECT_TRUE(tail_.problem().starts_with("damaged at byte")) << tail_.problem();
}

}  // namespace
}  // namespace faultline
