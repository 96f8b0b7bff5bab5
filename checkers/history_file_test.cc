#include "checkers/history_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "checkers/history_random.h"

namespace faultline {
namespace {

void expect_same(const History& read, const History& wanted) {
  EXPECT_EQ(read.header, wanted.header);
  ASSERT_EQ(read.operations.size(), wanted.operations.size());
  for (std::size_t i = 0; i < read.operations.size(); ++i) {
    ASSERT_EQ(read.operations[i], wanted.operations[i]) << "operation " << i;
  }
  EXPECT_TRUE(read.events == wanted.events);
  EXPECT_EQ(read.closed, wanted.closed);
  EXPECT_EQ(read.damage, wanted.damage);
}

// Nothing but what was recorded, in order; an operation may lack its completion.
bool is_beginning_of(const History& read, const History& whole) {
  if (read.header != whole.header || read.operations.size() > whole.operations.size() ||
      read.events.size() > whole.events.size()) {
    return false;
  }
  for (std::size_t i = 0; i < read.operations.size(); ++i) {
    const Operation& got = read.operations[i];
    const Operation& recorded = whole.operations[i];
    if (got == recorded) continue;
    const bool bare = got.completed == never && got.outcome == Outcome::unknown &&
                      got.answer == Answer::none && !got.duplicate && got.deliveries == 0;
    if (!bare || got.kind != recorded.kind || got.invoked != recorded.invoked ||
        got.process != recorded.process || got.intended != recorded.intended) {
      return false;
    }
  }
  return std::equal(read.events.begin(), read.events.end(), whole.events.begin());
}

std::string refusal(std::string_view bytes) {
  try {
    decode_history(bytes);
  } catch (const HistoryError& error) {
    return error.what();
  }
  return "";
}

Recording small_recording(std::uint64_t seed = 1) {
  Recording r = RandomRecording(seed).make(60);
  r.steps_per_block = 10;
  return r;
}

TEST(HistoryFile, EveryFieldRoundTrips) {
  const std::uint64_t seed = std::random_device{}();
  for (std::uint64_t i = 0; i < 300; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed + i));
    RandomRecording random(seed + i);
    const Recording recording = random.make(random.below(500));
    expect_same(decode_history(recording.bytes()), recording.history());
    if (HasFatalFailure()) return;
  }
}

TEST(HistoryFile, EachBlockDecodesByItself) {
  // A block's bytes do not depend on what came before, except for where in the
  // history it stands: the same records after another beginning are the same.
  Operation op;
  op.invoked = op.intended = 1000;
  op.sequence = 900;
  op.value = {3, 70};
  RecordEncoder fresh, used;
  Operation other = op;
  other.sequence = 123456;
  other.value.counter = 99999;
  used.invoke(other);
  used.take();
  fresh.invoke(op);
  used.invoke(op);
  std::string first = fresh.take(), second = used.take();
  // zigzag(1000) takes two bytes; then the index of the first operation.
  ASSERT_EQ(first[block_head_size + 2], 0);
  ASSERT_EQ(second[block_head_size + 2], 1);
  second[block_head_size + 2] = 0;
  EXPECT_EQ(first, second);
}

// The numbers of kinds and events are the file's: they must not move.
TEST(HistoryFile, NumbersOfEventsAreFixed) {
  const std::vector<decltype(Event::what)> all{PhaseStarted{},  ProcessStarted{}, FaultChanged{},
                                               LeadersSeen{},   ReplicaState{},   BrokerChanged{},
                                               QuorumChanged{}, DrainFinished{},  Interrupted{},
                                               Note{},          DeadLettersSeen{}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    RecordEncoder encoder;
    encoder.event({0, all[i]});
    EXPECT_EQ(encoder.take()[block_head_size + 3 + 2], static_cast<char>(i));
  }
  EXPECT_EQ(std::variant_size_v<decltype(Event::what)>, all.size());
}

TEST(HistoryFile, OperationsWithoutCompletionAreUnknown) {
  Recording r;
  r.operations.emplace_back();
  r.results.emplace_back();
  r.operations[0].outcome = Outcome::ok;  // must not leak into the file
  r.steps.push_back({Recording::Step::invoke, 0});
  const History h = decode_history(r.bytes());
  ASSERT_EQ(h.operations.size(), 1u);
  EXPECT_EQ(h.operations[0].outcome, Outcome::unknown);
  EXPECT_EQ(h.operations[0].completed, never);
  EXPECT_TRUE(h.closed);
  EXPECT_EQ(h.damage, "");
}

TEST(HistoryFile, TruncatedAtAnyByteKeepsEveryCompleteBlock) {
  const Recording recording = small_recording();
  const History whole = recording.history();
  const std::vector<std::string> blocks = recording.blocks();
  std::size_t complete = 0;  // blocks that end at or before `size`
  std::size_t next = blocks[0].size();
  const std::string bytes = recording.bytes();
  std::vector<std::size_t> operations_after{0};
  for (std::size_t b = 1; b + 1 < blocks.size(); ++b) {
    std::size_t invoked = 0;
    for (std::size_t s = 0; s < std::min(recording.steps.size(), b * 10); ++s) {
      if (recording.steps[s].what == Recording::Step::invoke) ++invoked;
    }
    operations_after.push_back(invoked);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE("cut to " + std::to_string(size) + " bytes");
    while (complete < blocks.size() && next <= size) next += blocks[++complete].size();
    const std::string_view cut = std::string_view(bytes).substr(0, size);
    if (complete == 0) {
      EXPECT_NE(refusal(cut), "");
      continue;
    }
    const History read = decode_history(cut);
    EXPECT_TRUE(is_beginning_of(read, whole));
    EXPECT_EQ(read.operations.size(), operations_after[complete - 1]);
    EXPECT_FALSE(read.closed);
    EXPECT_NE(read.damage, "");
  }
}

// What a file's bytes are said to be: the refusal, or the history.
void expect_same_as_decoded(const GrowingHistory& growing, const std::string& refused,
                            std::string_view bytes) {
  const std::string wanted = refusal(bytes);
  if (wanted != "") {
    EXPECT_FALSE(growing.has_header());
    EXPECT_TRUE(refused == "" || refused == wanted) << refused;
  } else {
    EXPECT_EQ(refused, "");
    ASSERT_TRUE(growing.has_header());
    expect_same(growing.history(), decode_history(bytes));
  }
}

// Grows by pieces of any size, of a byte or of several blocks; whatever happened to the file.
TEST(GrowingHistory, IsAfterEachPieceWhatTheWholeFileIs) {
  const std::uint64_t first = std::random_device{}();
  int refusals = 0, breaks = 0;
  for (std::uint64_t seed = first; seed < first + 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRecording random(seed);
    std::string bytes = random.make(random.below(200)).bytes();
    if (random.below(3) == 0) bytes[random.below(bytes.size())] ^= static_cast<char>(0x10);
    if (random.below(4) == 0) bytes += "behind the end";
    const std::size_t longest = 1 + random.below(2) * random.below(bytes.size());
    GrowingHistory growing;
    std::string refused;
    for (std::size_t size = 0; size < bytes.size() && refused == "";) {
      const std::size_t piece = std::min(1 + random.below(longest), bytes.size() - size);
      try {
        growing.append(std::string_view(bytes).substr(size, piece));
      } catch (const HistoryError& error) {
        refused = error.what();
      }
      size += piece;
      if (longest > 1 || random.below(50) == 0 || size == bytes.size())
        expect_same_as_decoded(growing, refused, std::string_view(bytes).substr(0, size));
      if (HasFailure()) return;
    }
    refusals += refused != "";
    breaks += growing.is_over() && !growing.history().closed;
  }
  EXPECT_GT(refusals, 5) << "seed " << first;
  EXPECT_GT(breaks, 20) << "seed " << first;
}

TEST(GrowingHistory, RefusesAsSoonAsNothingCanMendIt) {
  GrowingHistory other, newer;
  EXPECT_THROW(other.append("\177ELF"), HistoryError);
  EXPECT_THROW(newer.append(encode_preamble(4)), HistoryError);
}

TEST(HistoryFile, AnyFlippedBitIsReportedAndNeverAWrongOperation) {
  const Recording recording = small_recording(2);
  const History whole = recording.history();
  const std::vector<std::string> blocks = recording.blocks();
  std::string bytes = recording.bytes();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    SCOPED_TRACE("bit " + std::to_string(bit));
    char& byte = bytes[bit / 8];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    if (bit / 8 < blocks[0].size()) {
      EXPECT_NE(refusal(bytes), "");
    } else {
      std::size_t intact = 0, end = blocks[0].size();
      while (end + blocks[intact + 1].size() <= bit / 8) end += blocks[++intact].size();
      const History read = decode_history(bytes);
      const History wanted = decode_history(std::string_view(bytes).substr(0, end));
      EXPECT_TRUE(is_beginning_of(read, whole));
      EXPECT_TRUE(read.operations == wanted.operations);
      EXPECT_TRUE(read.events == wanted.events);
      EXPECT_FALSE(read.closed);
      EXPECT_NE(read.damage.find("at byte " + std::to_string(end)), std::string::npos)
          << read.damage;
    }
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  }
}

// With good checksums, so that the decoder itself meets the nonsense.
TEST(HistoryFile, MutatedPayloadsNeverCrashAndKeepEarlierBlocks) {
  const std::uint64_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  RandomRecording random(seed);
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    Recording recording = random.make(40);
    recording.steps_per_block = 20;
    const std::vector<std::string> blocks = recording.blocks();
    for (int mutation = 0; mutation < 200; ++mutation) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round) +
                   ", mutation " + std::to_string(mutation));
      std::vector<std::string> mutated = blocks;
      const std::size_t victim = random.below(blocks.size());
      std::string& block = mutated[victim];
      const std::size_t head = block_head_size + (victim == 0 ? preamble_size : 0);
      for (std::uint64_t n = 1 + random.below(3); n > 0 && block.size() > head; --n) {
        const std::size_t at = head + random.below(block.size() - head);
        switch (random.below(4)) {
          case 0:
            block[at] = static_cast<char>(random.below(256));
            break;
          case 1:
            block[at] = '\xff';
            break;
          case 2:
            block.erase(at, 1 + random.below(4));
            break;
          default:
            block.insert(at, 1 + random.below(4), static_cast<char>(random.below(256)));
        }
      }
      std::string sealed = block.substr(head - block_head_size);
      seal_block(sealed);
      block = block.substr(0, head - block_head_size) + sealed;
      std::string bytes, before;
      for (std::size_t b = 0; b < mutated.size(); ++b) {
        bytes += mutated[b];
        if (b < victim) before += mutated[b];
      }
      if (victim == 0) {
        if (refusal(bytes) != "") ++refused;
        continue;
      }
      const History read = decode_history(bytes);
      const History intact = decode_history(before);
      ASSERT_GE(read.operations.size(), intact.operations.size());
      ASSERT_GE(read.events.size(), intact.events.size());
      if (read.damage.starts_with("malformed")) {
        ++refused;
        if (read.damage.find("at byte " + std::to_string(before.size()) + ":") !=
            std::string::npos) {
          ASSERT_TRUE(read.operations == intact.operations);
          ASSERT_TRUE(read.events == intact.events);
        }
      }
    }
  }
  EXPECT_GT(refused, 1000) << "seed " << seed;
}

TEST(HistoryFile, RandomBytesAreNoHistory) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 10000; ++i) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_NE(refusal(bytes), "");
    EXPECT_NE(refusal(encode_preamble() + bytes), "");
  }
}

TEST(HistoryFile, ABlockThatClaimsGigabytesIsTorn) {
  const Recording recording = small_recording();
  std::string bytes = recording.blocks()[0];
  const std::size_t begin = bytes.size();
  bytes += "\x01\x02\x03\x04\xff\xff\xff\xff\x02 and no more";
  const History read = decode_history(bytes);
  EXPECT_EQ(read.operations.size(), 0u);
  EXPECT_EQ(read.damage, "torn at byte " + std::to_string(begin) +
                             ": the last 21 bytes cannot be read; all before them is complete");
}

TEST(HistoryFile, AListThatClaimsBillionsIsMalformed) {
  std::string block = begin_block(BlockType::records);
  block += std::string("\x00\x00\x00", 3);
  block += "\x0f";                              // an event
  block += std::string("\x00\x03\x00\x00", 4);  // LeadersSeen of nobody
  append_varint(block, UINT64_MAX);             // consumers
  seal_block(block);
  const History read = decode_history(encode_start({}) + block);
  EXPECT_TRUE(read.damage.starts_with("malformed at byte")) << read.damage;
  EXPECT_TRUE(read.events.empty());
}

// One event, in a block of its own behind a header.
std::string with_event(const std::string& start, const std::string& event) {
  std::string block = begin_block(BlockType::records);
  block += std::string("\x00\x00\x00\x0f\x00", 5) + event;
  seal_block(block);
  return start + block;
}

TEST(HistoryFile, BeforeFormat3EventsWereOfTheOnePartition) {
  const std::string leader("\x03\x02n2\x02n3\x00", 8);
  std::string start = encode_preamble(2);
  std::string header = encode_start({}).substr(start.size() + block_head_size);
  header.resize(header.size() - 2);  // dead_letters and partitions
  std::string block = begin_block(BlockType::header) + header;
  seal_block(block);
  const History read = decode_history(with_event(start + block, leader));
  ASSERT_EQ(read.events.size(), 1u) << read.damage;
  EXPECT_EQ(std::get<LeadersSeen>(read.events[0].what), (LeadersSeen{"n2", "n3", {}, 1}));
}

TEST(HistoryFile, APartitionThatTheStreamHasNotIsMalformed) {
  Header header;
  header.partitions = 2;
  const std::string leader("\x03\x02n2\x02n3\x00", 8);
  const auto read = [&](char partition) {
    return decode_history(with_event(encode_start(header), leader + partition));
  };
  EXPECT_EQ(read(2).events.size(), 1u);
  for (const char none : {0, 3}) {
    EXPECT_TRUE(read(none).damage.starts_with("malformed at byte")) << int{none};
    EXPECT_TRUE(read(none).events.empty()) << int{none};
  }
  for (const std::uint32_t too_many : {0u, most_partitions + 1}) {
    header.partitions = too_many;
    EXPECT_NE(refusal(encode_start(header)), "");
  }
}

TEST(HistoryFile, AMissingOrRepeatedBlockIsReported) {
  const std::vector<std::string> blocks = small_recording().blocks();
  ASSERT_GE(blocks.size(), 5u);
  const History missing = decode_history(blocks[0] + blocks[1] + blocks[3] + blocks.back());
  const History repeated = decode_history(blocks[0] + blocks[1] + blocks[1]);
  const History early = decode_history(blocks[0] + blocks[1] + blocks.back());
  const History one = decode_history(blocks[0] + blocks[1]);
  for (const History* h : {&missing, &repeated, &early}) {
    EXPECT_TRUE(h->damage.starts_with("malformed")) << h->damage;
    EXPECT_FALSE(h->closed);
    EXPECT_TRUE(h->operations == one.operations);
    EXPECT_TRUE(h->events == one.events);
  }
}

TEST(HistoryFile, AnOperationCompletedTwiceIsReported) {
  Recording r;
  r.operations.resize(1);
  r.results.resize(1);
  r.results[0].completed = 5;
  r.results[0].outcome = Outcome::ok;
  using Step = Recording::Step;
  r.steps = {{Step::invoke, 0}, {Step::complete, 0}, {Step::complete, 0}};
  r.steps_per_block = 2;
  History h = decode_history(r.bytes());
  EXPECT_TRUE(h.damage.starts_with("malformed")) << h.damage;
  ASSERT_EQ(h.operations.size(), 1u);
  EXPECT_EQ(h.operations[0].outcome, Outcome::ok);
  r.steps_per_block = 3;
  h = decode_history(r.bytes());
  EXPECT_TRUE(h.damage.starts_with("malformed")) << h.damage;
  EXPECT_TRUE(h.operations.empty());
}

TEST(HistoryFile, BytesAfterTheEndAreReported) {
  const Recording recording = small_recording();
  const History read = decode_history(recording.bytes() + "abc");
  EXPECT_TRUE(read.closed);
  EXPECT_TRUE(read.operations == recording.history().operations);
  EXPECT_EQ(read.damage, "3 bytes follow the end of the history; they are ignored");
}

TEST(HistoryFile, ANewerFormatAsksForAnUpgrade) {
  EXPECT_EQ(refusal(encode_preamble(4) + "whatever format 4 holds"),
            "written by a newer faultline (format 4; this one reads 3): upgrade");
}

TEST(HistoryFile, WhatCannotBeReadIsToldInOneLine) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() /
      ("faultline-history-" + std::to_string(std::random_device{}()));
  std::filesystem::create_directory(folder);
  const auto told = [&](const std::filesystem::path& path) -> std::string {
    try {
      read_history(path);
    } catch (const HistoryError& error) {
      const std::string what = error.what();
      EXPECT_TRUE(what.starts_with(path.string() + ": ")) << what;
      EXPECT_EQ(what.find('\n'), std::string::npos);
      return what.substr(std::min(what.size(), path.string().size() + 2));
    }
    return "no error";
  };
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
    return folder / name;
  };
  const std::string bytes = small_recording().bytes();
  EXPECT_EQ(told(folder / "missing"), "does not exist");
  EXPECT_EQ(told(folder), "is a directory: name the history file in it");
  EXPECT_EQ(told("/dev/null"), "is not a regular file");
  EXPECT_EQ(told(write("empty", "")), "is empty: nothing was recorded");
  EXPECT_EQ(told(write("text", "{\"model\":\"log\"}\n")),
            "is not a faultline history: name the file that a run wrote");
  EXPECT_EQ(told(write("cut", bytes.substr(0, 20))),
            "ends within its header: nothing was recorded, or the file was cut");
  expect_same(read_history(write("good", bytes)), small_recording().history());
  EXPECT_EQ(told(folder / "good" / "below"), "cannot be read: Not a directory");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace faultline
