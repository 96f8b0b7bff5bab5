// When a role acts: open loop by a schedule, closed loop by what is in flight.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <stop_token>

#include "checkers/history.h"

namespace faultline {

// Arrivals of an open loop: independent of each other (exponential gaps), at a
// mean rate, the same for the same seed. A schedule does not wait for anybody:
// after a stall it is behind the clock, and its times are still the intended
// ones.
class Schedule {
 public:
  // rate > 0, a second
  Schedule(double rate, std::uint64_t seed, Time start);
  Time next();

 private:
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_;  // seconds
  Time next_;
};

// Counts what is under way.
class InFlight {
 public:
  // Waits until less than `limit` are under way and counts one more. False if
  // stopped first.
  bool acquire(std::size_t limit, std::stop_token);
  void release();
  void wait_until_none();

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t count_ = 0;
};

// False if stopped before `time`.
bool sleep_until(Time time, std::stop_token);

}  // namespace faultline
