#include "harness/absence.h"

#include <algorithm>

namespace faultline {

using std::chrono::steady_clock;

bool Absence::is_final() {
  if (steady_clock::now() - last_look_ < std::chrono::seconds(1)) return final_;
  last_look_ = steady_clock::now();
  if (!absent_now())
    absent_since_.reset();
  else if (!absent_since_)
    absent_since_ = last_look_;
  final_ = absent_since_ && last_look_ - *absent_since_ >= is_final_after;
  return final_;
}

bool Absence::absent_now() {
  const auto up = [this](const Server& server) { return broker_.answers(server.name); };
  return std::ranges::all_of(cluster_.servers(), up) && broker_.stream_absent(partition_);
}

}  // namespace faultline
