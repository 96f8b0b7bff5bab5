// Files that are damaged as a disk damages them: behind the back of their owner, who must
// not run meanwhile.
//
// All functions throw std::system_error or std::runtime_error; what() is one line. What
// they changed is synced, and read back from the disk.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace faultline::agent {

struct FoundFile {
  std::string path;  // below the folder
  std::uint64_t bytes = 0;
};

// Every regular file below the folder, by path.
std::vector<FoundFile> files_below(const std::string& folder);

struct FlippedByte {
  std::uint64_t offset = 0;
  std::uint8_t before = 0, after = 0;
  bool operator==(const FlippedByte&) const = default;
};

// Inverts these bits, each named once: bit 10 is bit 2 (of value 4) of byte 1. Returns
// the bytes that they are in.
std::vector<FlippedByte> flip_bits(const std::string& file, std::span<const std::uint64_t> bits);

// Cuts so many bytes off the end, at most all, and returns them.
std::vector<std::uint8_t> cut_end(const std::string& file, std::uint64_t bytes);

std::uint8_t byte_at(const std::string& file, std::uint64_t offset);

}  // namespace faultline::agent
