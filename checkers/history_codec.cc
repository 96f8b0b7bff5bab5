#include "checkers/history_codec.h"

#include <cstring>

namespace faultline {
namespace {

// slice[k][b]: the remainder of byte b followed by k zero bytes.
constexpr auto crc_slices = [] {
  std::array<std::array<std::uint32_t, 256>, 8> slice{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t rest = b;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (rest & 1 ? 0x82f63b78u : 0u);
    slice[0][b] = rest;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t b = 0; b < 256; ++b) {
      const std::uint32_t previous = slice[k - 1][b];
      slice[k][b] = (previous >> 8) ^ slice[0][previous & 0xff];
    }
  }
  return slice;
}();

void store_fixed32(char* at, std::uint32_t n) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(n >> (8 * i));
}

}  // namespace

std::uint32_t load_fixed32(const char* at) {
  std::uint32_t n = 0;
  for (int i = 0; i < 4; ++i) n |= std::uint32_t{static_cast<std::uint8_t>(at[i])} << (8 * i);
  return n;
}

std::uint32_t crc32c(std::string_view bytes) {
  const auto& s = crc_slices;
  std::uint32_t crc = ~0u;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint32_t low = crc ^ load_fixed32(at);
    const std::uint32_t high = load_fixed32(at + 4);
    crc = s[7][low & 0xff] ^ s[6][(low >> 8) & 0xff] ^ s[5][(low >> 16) & 0xff] ^ s[4][low >> 24] ^
          s[3][high & 0xff] ^ s[2][(high >> 8) & 0xff] ^ s[1][(high >> 16) & 0xff] ^
          s[0][high >> 24];
  }
  for (; left > 0; ++at, --left) {
    crc = (crc >> 8) ^ s[0][(crc ^ static_cast<std::uint8_t>(*at)) & 0xff];
  }
  return ~crc;
}

void append_varint(std::string& out, std::uint64_t n) {
  char bytes[max_varint_size];
  out.append(bytes, put_varint(bytes, n));
}

void append_fixed32(std::string& out, std::uint32_t n) {
  char bytes[4];
  store_fixed32(bytes, n);
  out.append(bytes, sizeof bytes);
}

std::string encode_preamble(std::uint32_t version) {
  std::string preamble{history_magic};
  append_fixed32(preamble, version);
  append_fixed32(preamble, crc32c(preamble));
  return preamble;
}

std::string begin_block(BlockType type) {
  std::string block(block_head_size, '\0');
  block[8] = static_cast<char>(type);
  return block;
}

void seal_block(std::string& block) {
  store_fixed32(&block[4], static_cast<std::uint32_t>(block.size() - block_head_size));
  store_fixed32(&block[0], crc32c(std::string_view{block}.substr(4)));
}

std::string_view ByteCursor::string() {
  const std::uint64_t size = varint();
  if (size > left()) fail();
  if (!ok_) return {};
  const std::string_view bytes{at_, static_cast<std::size_t>(size)};
  at_ += size;
  return bytes;
}

}  // namespace faultline
