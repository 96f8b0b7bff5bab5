#include "workloads/payload.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <boost/endian/conversion.hpp>

namespace faultline {
namespace {

using boost::endian::load_little_u32;
using boost::endian::load_little_u64;
using boost::endian::store_little_u32;
using boost::endian::store_little_u64;

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

constexpr std::size_t run_at = 0, producer_at = 8, counter_at = 12, length_at = 20,
                      checksum_at = 24, padding_at = min_payload_size;

std::uint32_t checksum(std::string_view payload) {
  Crc32c crc;
  crc.process_bytes(payload.data(), checksum_at);
  crc.process_bytes(payload.data() + padding_at, payload.size() - padding_at);
  return crc.checksum();
}

std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

void pad(std::string& payload, std::uint64_t seed) {
  for (std::size_t at = padding_at; at < payload.size(); at += sizeof(std::uint64_t)) {
    unsigned char noise[sizeof(std::uint64_t)];
    store_little_u64(noise, splitmix64(seed));
    std::copy_n(noise, std::min(sizeof noise, payload.size() - at), payload.begin() + at);
  }
}

}  // namespace

std::uint64_t run_hash(std::string_view run_id) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (unsigned char c : run_id) hash = (hash ^ c) * 0x100000001B3;
  return hash;
}

std::string encode_payload(std::uint64_t run, Value value, std::size_t size, std::uint64_t seed) {
  std::string payload(std::max(size, min_payload_size), '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(payload.data());
  store_little_u64(bytes + run_at, run);
  store_little_u32(bytes + producer_at, value.producer);
  store_little_u64(bytes + counter_at, value.counter);
  store_little_u32(bytes + length_at, static_cast<std::uint32_t>(payload.size()));
  pad(payload, seed);
  store_little_u32(bytes + checksum_at, checksum(payload));
  return payload;
}

DecodedPayload decode_payload(std::uint64_t run, std::string_view payload) {
  if (payload.size() < min_payload_size) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(payload.data());
  if (load_little_u32(bytes + length_at) != payload.size()) return {};
  if (load_little_u32(bytes + checksum_at) != checksum(payload)) return {};
  if (load_little_u64(bytes + run_at) != run) return {Answer::foreign, {}};
  return {Answer::message,
          {load_little_u32(bytes + producer_at), load_little_u64(bytes + counter_at)}};
}

}  // namespace faultline
