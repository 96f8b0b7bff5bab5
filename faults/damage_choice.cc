#include "faults/damage_choice.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace faultline {
namespace {

constexpr std::uint64_t longest_cut = 4096;
constexpr std::uint64_t byte_bits = 8;

// The same on every machine, unlike std::uniform_int_distribution.
std::uint64_t below(std::uint64_t end, Random& random) { return random() % end; }

bool is_meant(const std::string& path, const DataFiles& meant) {
  return std::ranges::any_of(meant.patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// 10.blk after 9.blk
bool numbered_before(const StoredFile& a, const StoredFile& b) {
  return std::tuple(a.path.size(), a.path) < std::tuple(b.path.size(), b.path);
}

void leave_out_last(std::vector<StoredFile>& files) {
  std::map<std::string, std::vector<StoredFile>> folders;
  for (const auto& file : files) folders[folder_of(file.path)].push_back(file);
  for (const auto& [folder, inside] : folders)
    if (inside.size() > 1)
      std::erase_if(files, [last = std::ranges::max_element(inside, numbered_before)->path](
                               const StoredFile& file) { return file.path == last; });
}

}  // namespace

Random random_of(std::uint64_t seed, const std::string& server) {
  std::vector<std::uint32_t> parts{static_cast<std::uint32_t>(seed),
                                   static_cast<std::uint32_t>(seed >> 32)};
  parts.insert(parts.end(), server.begin(), server.end());
  std::seed_seq all(parts.begin(), parts.end());
  return Random(all);
}

std::vector<StoredFile> choosable(const std::vector<StoredFile>& all, const DataFiles& meant) {
  std::vector<StoredFile> files;
  std::ranges::copy_if(all, std::back_inserter(files), [&](const StoredFile& file) {
    return file.bytes > 0 && is_meant(file.path, meant);
  });
  if (meant.last_is_open) leave_out_last(files);
  return files;
}

const StoredFile& choose_file(const std::vector<StoredFile>& files, Random& random) {
  return files.at(below(files.size(), random));
}

std::vector<std::uint64_t> choose_bits(std::uint64_t bytes, std::uint32_t count, Random& random) {
  const auto bits = bytes * byte_bits;
  std::set<std::uint64_t> chosen;
  while (chosen.size() < std::min<std::uint64_t>(count, bits)) chosen.insert(below(bits, random));
  return {chosen.begin(), chosen.end()};
}

std::uint64_t choose_cut(std::uint64_t bytes, Random& random) {
  return 1 + below(std::min(bytes, longest_cut), random);
}

}  // namespace faultline
