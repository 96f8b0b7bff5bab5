// The bytes that the history's reader and writer share: integers, checksum and
// blocks, as specified in docs/history-format.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "checkers/history.h"

namespace faultline {

inline constexpr std::string_view history_magic{
    "\x89"
    "FLT\r\n\x1a\n",
    8};
inline constexpr std::uint32_t history_format_version = 3;
inline constexpr std::size_t preamble_size = 16;
inline constexpr std::size_t block_head_size = 9;

enum class BlockType : std::uint8_t { header = 1, records = 2, end = 3 };

// Castagnoli's polynomial, reflected, as in iSCSI (RFC 3720, B.4).
// Complexity: linear, eight bytes a step.
std::uint32_t crc32c(std::string_view bytes);

constexpr std::uint64_t zigzag(std::int64_t n) {
  return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t n) {
  return static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1));
}

// `to` - `from` modulo 2^64, small in either direction when they are close.
constexpr std::uint64_t delta(std::uint64_t from, std::uint64_t to) {
  return zigzag(static_cast<std::int64_t>(to - from));
}
constexpr std::uint64_t apply_delta(std::uint64_t from, std::uint64_t coded) {
  return from + static_cast<std::uint64_t>(unzigzag(coded));
}

inline constexpr std::size_t max_varint_size = 10;

// Writes at most max_varint_size bytes; returns the end.
inline char* put_varint(char* at, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) *at++ = static_cast<char>(n | 0x80);
  *at++ = static_cast<char>(n);
  return at;
}
void append_varint(std::string&, std::uint64_t);
void append_fixed32(std::string&, std::uint32_t);
std::uint32_t load_fixed32(const char*);

std::string encode_preamble(std::uint32_t version = history_format_version);

// A block under construction is its head, not yet filled in, and its payload.
std::string begin_block(BlockType);
void seal_block(std::string&);  // fills in length and checksum

// Reads integers and strings from bytes that may be cut short or wrong. After
// the first failure everything reads as zero and `ok` is false.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  void fail() {
    ok_ = false;
    at_ = end_;
  }

  std::uint8_t byte() {
    if (at_ == end_) {
      fail();
      return 0;
    }
    return static_cast<std::uint8_t>(*at_++);
  }

  std::uint64_t varint() {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t bits = byte();
      if (shift == 63 && bits > 1) break;  // does not fit 64 bits
      n |= (bits & 0x7f) << shift;
      if (bits < 0x80) return n;
    }
    fail();
    return 0;
  }

  std::uint32_t varint32() {
    const std::uint64_t n = varint();
    if (n > UINT32_MAX) fail();
    return ok_ ? static_cast<std::uint32_t>(n) : 0;
  }

  std::string_view string();  // a view into the bytes

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

// What deltas within a records block are taken from; all zero, but for the
// time, where a block begins. A slot shared by several processes or producers
// costs bytes, never correctness.
struct DeltaBases {
  static constexpr std::size_t kinds = 6;
  static constexpr std::size_t slots = 32;

  Time time = 0;
  std::array<std::array<std::uint64_t, slots>, kinds> invoked_sequence{};  // by kind, process
  std::array<std::uint64_t, kinds> completed_sequence{};                   // by kind
  std::array<std::array<std::uint64_t, slots>, kinds> counter{};           // by kind, producer

  std::uint64_t& sequence_of_process(OperationKind kind, std::uint32_t process) {
    return invoked_sequence[static_cast<std::size_t>(kind)][process % slots];
  }
  std::uint64_t& sequence_of_kind(OperationKind kind) {
    return completed_sequence[static_cast<std::size_t>(kind)];
  }
  std::uint64_t& counter_of_producer(OperationKind kind, std::uint32_t producer) {
    return counter[static_cast<std::size_t>(kind)][producer % slots];
  }
};

// The first byte of a record: what it is in the low half, which optional
// fields follow in the high half.
namespace record_tag {
inline constexpr unsigned kind_mask = 0x07;  // kind + 1; 0: none
inline constexpr unsigned completion = 0x08;
inline constexpr unsigned event = 0x0f;  // the whole tag
inline constexpr unsigned has_value = 0x10;
inline constexpr unsigned has_sequence = 0x20;
// of an invocation
inline constexpr unsigned has_size = 0x40;
inline constexpr unsigned has_intended = 0x80;
// of a completion
inline constexpr unsigned has_deliveries = 0x40;
inline constexpr unsigned duplicate = 0x80;
}  // namespace record_tag

}  // namespace faultline
