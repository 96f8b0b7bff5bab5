#include "faults/bit_flip.h"

#include <fmt/format.h>

namespace faultline {

FileDamage::Damage BitFlip::damage(const Volume& volume, const StoredFile& file,
                                   Random& random) const {
  Damage done{file, "", file.bytes};
  done.changed = volume.flip(file.path, choose_bits(file.bytes, flips_, random));
  for (const auto& [offset, before, after] : done.changed)
    done.what += fmt::format("{}byte {} {:02x} -> {:02x}", done.what.empty() ? "" : ", ", offset,
                             before, after);
  return done;
}

}  // namespace faultline
