// How many operations came to which end, and how long those that were answered took.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "checkers/history.h"

namespace faultline {

// The longest duration of each class but the last, which has no bound. From the answer of a
// broker beside the client to a timeout that is longer than any of a scenario's.
inline constexpr std::array<Duration, 16> duration_bounds{
    100'000,           250'000,           500'000,          millisecond,      5 * millisecond / 2,
    5 * millisecond,   10 * millisecond,  25 * millisecond, 50 * millisecond, 100 * millisecond,
    250 * millisecond, 500 * millisecond, second,           5 * second / 2,   5 * second,
    10 * second};

struct OperationTally {
  std::array<std::uint64_t, 3> ends{};                                // by Outcome
  std::array<std::uint64_t, duration_bounds.size() + 1> durations{};  // of the ok ones, by class
  Duration total = 0;                                                 // of the ok ones, nanoseconds

  void count(Outcome outcome, Duration took) {
    ++ends[static_cast<std::size_t>(outcome)];
    if (outcome != Outcome::ok) return;
    const auto bound = std::find_if(duration_bounds.begin(), duration_bounds.end(),
                                    [&](Duration longest) { return took <= longest; });
    ++durations[static_cast<std::size_t>(bound - duration_bounds.begin())];
    total += took;
  }

  OperationTally& operator+=(const OperationTally& other) {
    for (std::size_t i = 0; i < ends.size(); ++i) ends[i] += other.ends[i];
    for (std::size_t i = 0; i < durations.size(); ++i) durations[i] += other.durations[i];
    total += other.total;
    return *this;
  }

  bool operator==(const OperationTally&) const = default;
};

using Tally = std::array<OperationTally, 6>;  // by OperationKind

}  // namespace faultline
