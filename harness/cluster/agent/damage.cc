#include "harness/cluster/agent/damage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "harness/cluster/agent/open_file.h"

namespace faultline::agent {
namespace {

namespace fs = std::filesystem;

constexpr unsigned byte_bits = 8;

std::uint64_t size_of(const OpenFile& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) fail(path);
  return static_cast<std::uint64_t>(status.st_size);
}

std::vector<std::uint8_t> read_at(const OpenFile& file, const std::string& path,
                                  std::uint64_t offset, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  const auto got = ::pread(file.get(), bytes.data(), count, static_cast<off_t>(offset));
  if (got < 0) fail(path);
  if (got != static_cast<ssize_t>(count))
    throw std::runtime_error(path + " ends before byte " + std::to_string(offset + count));
  return bytes;
}

// What is read from here on comes from the disk.
void sync(const OpenFile& file, const std::string& path) {
  if (::fsync(file.get()) != 0) fail(path);
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
}

}  // namespace

std::vector<FoundFile> files_below(const std::string& folder) {
  std::vector<FoundFile> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && !entry.is_symlink())
      found.push_back({entry.path().lexically_relative(folder).string(), entry.file_size()});
  std::ranges::sort(found, {}, &FoundFile::path);
  return found;
}

std::vector<FlippedByte> flip_bits(const std::string& path, std::span<const std::uint64_t> bits) {
  std::map<std::uint64_t, std::uint8_t> masks;
  for (const auto bit : bits)
    masks[bit / byte_bits] |= static_cast<std::uint8_t>(1U << bit % byte_bits);
  const OpenFile file(path, O_RDWR);
  std::vector<FlippedByte> changed;
  for (const auto& [offset, mask] : masks) {
    const auto before = read_at(file, path, offset, 1)[0];
    changed.push_back({offset, before, static_cast<std::uint8_t>(before ^ mask)});
  }
  for (const auto& one : changed)
    if (::pwrite(file.get(), &one.after, 1, static_cast<off_t>(one.offset)) != 1) fail(path);
  sync(file, path);
  for (const auto& one : changed)
    if (read_at(file, path, one.offset, 1)[0] != one.after)
      throw std::runtime_error(path + ": the change of byte " + std::to_string(one.offset) +
                               " is not on the disk");
  return changed;
}

std::vector<std::uint8_t> cut_end(const std::string& path, std::uint64_t bytes) {
  const OpenFile file(path, O_RDWR);
  const auto size = size_of(file, path);
  const auto cut = std::min(bytes, size);
  auto lost = read_at(file, path, size - cut, cut);
  if (::ftruncate(file.get(), static_cast<off_t>(size - cut)) != 0) fail(path);
  sync(file, path);
  if (size_of(file, path) != size - cut) throw std::runtime_error(path + " was not cut");
  return lost;
}

std::uint8_t byte_at(const std::string& path, std::uint64_t offset) {
  return read_at(OpenFile(path, O_RDONLY), path, offset, 1)[0];
}

}  // namespace faultline::agent
