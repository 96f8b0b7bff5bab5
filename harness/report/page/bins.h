// A history second by second: what was served, what was not, how slowly.
#pragma once

#include <cstdint>
#include <vector>

#include "checkers/history.h"
#include "checkers/timeline.h"

namespace faultline {

struct Bin {
  Time begin = 0;
  std::uint64_t writes = 0, reads = 0, deliveries = 0;  // served, by completion
  std::uint64_t failed = 0, unknown = 0;                // of any kind, by invocation
  Duration slowest_write = 0, slowest_read = 0;         // of those served; 0: none
};

struct Bins {
  Duration width = second;  // 1, 2 or 5 times a power of ten
  std::vector<Bin> bins;    // one after the other, all of the interval
};

// At most `most` bins, at least `narrowest` wide. Complexity: linear in the operations.
Bins bins(const History&, Interval, std::size_t most, Duration narrowest);

// The least of 1, 2, 5, 10, 20, ... that is not below.
double round_step(double least);

}  // namespace faultline
