// When held packets go on: each after the delay, spread by the jitter, and none
// before one that came earlier.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>

namespace faultline::delay {

using Time = std::chrono::steady_clock::time_point;

struct Settings {
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds jitter{0};  // at most the delay
  std::uint64_t seed = 0;
};

class DelayQueue {
 public:
  explicit DelayQueue(const Settings&);

  void hold(std::uint32_t packet, Time now);
  std::optional<Time> next() const;                // when the first goes on
  std::optional<std::uint32_t> release(Time now);  // the first, where it is time

 private:
  struct Held {
    std::uint32_t packet;
    Time until;
  };

  std::mt19937_64 random_;
  std::uniform_int_distribution<std::int64_t> nanoseconds_;
  std::deque<Held> held_;  // in order of time: none overtakes another
};

}  // namespace faultline::delay
