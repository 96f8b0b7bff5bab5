// What a producer writes: a value that names itself and proves that it is
// intact. Little-endian:
//
//   0  u64  run       FNV-1a of the run id
//   8  u32  producer
//   12 u64  counter
//   20 u32  length    of the whole payload
//   24 u32  checksum  CRC-32C (RFC 3720) of everything else
//   28      padding   pseudo-random bytes
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "checkers/history.h"

namespace faultline {

inline constexpr std::size_t min_payload_size = 28;

std::uint64_t run_hash(std::string_view run_id);

// `size` below min_payload_size gives min_payload_size. The padding follows
// from `seed`.
std::string encode_payload(std::uint64_t run, Value value, std::size_t size, std::uint64_t seed);

struct DecodedPayload {
  Answer answer = Answer::corrupt;  // message, corrupt or foreign
  Value value;                      // of a message
  bool operator==(const DecodedPayload&) const = default;
};

// Detects every change of up to three bits, every burst of up to 32, every
// other damage but one in 2^32.
DecodedPayload decode_payload(std::uint64_t run, std::string_view payload);

}  // namespace faultline
