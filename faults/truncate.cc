#include "faults/truncate.h"

#include <fmt/format.h>

namespace faultline {
namespace {

constexpr std::size_t shown_bytes = 256;

std::string shown(const std::string& hex) {
  if (hex.size() <= 2 * shown_bytes) return hex;
  return fmt::format("{} and {} bytes more", hex.substr(0, 2 * shown_bytes),
                     hex.size() / 2 - shown_bytes);
}

}  // namespace

FileDamage::Damage Truncate::damage(const Volume& volume, const StoredFile& file,
                                    Random& random) const {
  const auto cut = choose_cut(file.bytes, random);
  const auto left = file.bytes - cut;
  const auto lost = volume.cut(file.path, cut);
  return {file, fmt::format("now {}, cut off {}: {}", left, cut, shown(lost)), left};
}

}  // namespace faultline
