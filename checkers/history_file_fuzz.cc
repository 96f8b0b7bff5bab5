// libFuzzer: bytes that are a file as they are, and bytes that are the payloads
// of blocks with good checksums, so that fuzzing gets past them.
#include <algorithm>
#include <cstdint>

#include "checkers/history_codec.h"
#include "checkers/history_encoder.h"
#include "checkers/history_file.h"

namespace {

void decode(std::string_view bytes) {
  try {
    faultline::decode_history(bytes);
  } catch (const faultline::HistoryError&) {
  }
}

// Byte pairs (type, length) before each payload.
std::string as_blocks(std::string_view bytes) {
  std::string file;
  while (bytes.size() >= 2) {
    const auto type = static_cast<faultline::BlockType>(bytes[0]);
    const std::size_t size =
        std::min<std::size_t>(static_cast<std::uint8_t>(bytes[1]), bytes.size() - 2);
    std::string block = faultline::begin_block(type);
    block += bytes.substr(2, size);
    faultline::seal_block(block);
    file += block;
    bytes.remove_prefix(2 + size);
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decode(bytes);
  const std::string blocks = as_blocks(bytes);
  decode(faultline::encode_preamble() + blocks);
  decode(faultline::encode_start({}) + blocks);
  return 0;
}
