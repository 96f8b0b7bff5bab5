#pragma once

#include "faults/file_damage.h"

namespace faultline {

// bit-flip: the broker is held down, and some bits of one of its files are inverted, as a
// bad disk or memory inverts them.
class BitFlip : public FileDamage {
 public:
  BitFlip(FaultContext context, const FaultOptions& options)
      : FileDamage("bit-flip", context, options), flips_(options.flips) {}

 protected:
  Damage damage(const Volume&, const StoredFile&, Random&) const override;

 private:
  std::uint32_t flips_;
};

}  // namespace faultline
