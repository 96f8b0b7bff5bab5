#pragma once

#include "faults/file_damage.h"

namespace faultline {

// truncate: the broker is held down, and one of its files loses its end.
class Truncate : public FileDamage {
 public:
  Truncate(FaultContext context, const FaultOptions& options)
      : FileDamage("truncate", context, options) {}

 protected:
  Damage damage(const Volume&, const StoredFile&, Random&) const override;
};

}  // namespace faultline
