// The operations of a history as dots of a plot: few enough to be drawn, and honest about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/history.h"
#include "checkers/timeline.h"

namespace faultline {

// An operation, and how many of its kind and outcome lie so near that one dot stands for all.
// It is the first of them.
struct Dot {
  std::size_t operation = 0;  // index into History::operations
  std::uint32_t count = 1;
};

struct DotSeries {
  OperationKind kind = OperationKind::publish;
  Outcome outcome = Outcome::ok;
  std::uint64_t operations = 0;  // exact: the sum of the counts
  std::vector<Dot> dots;         // in order of invocation
};

struct Dots {
  std::vector<DotSeries> series;  // those that are not empty
  std::uint64_t operations = 0;   // all of the history
  std::size_t dots = 0;
  std::size_t columns = 0, rows = 0;  // of the grid, per series; 0: every operation is a dot
};

// What a latency axis shows: whole decades from `lowest` on, in nanoseconds.
struct LatencyScale {
  int lowest = 5;  // 10^5 ns
  int highest = 9;
};

// From invocation to completion; negative where there is no completion.
Duration latency(const Operation&);

// The decades that hold every latency of the history, at least two; what took less than 10 us
// lies at the bottom, where there is more than that.
LatencyScale latency_scale(const History&);

// Where on the axis a latency lies, from 0 (lowest) to 1.
double position(const LatencyScale&, Duration latency);

// At most `most` dots: where there are more operations, one for each column of time and row
// of latency that holds any, on the finest grid that is coarse enough.
// Complexity: linear in the operations; at most 12 MB besides the dots.
Dots thinned(const History&, Interval, std::size_t most);

}  // namespace faultline
