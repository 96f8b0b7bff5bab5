#include "workloads/pace.h"

#include <chrono>

namespace faultline {

Schedule::Schedule(double rate, std::uint64_t seed, Time start)
    : random_(seed), gap_(rate), next_(start) {}

Time Schedule::next() {
  next_ += static_cast<Duration>(gap_(random_) * second);
  return next_;
}

bool InFlight::acquire(std::size_t limit, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return count_ < limit; })) return false;
  if (stop.stop_requested()) return false;
  ++count_;
  return true;
}

void InFlight::release() {
  std::lock_guard lock(mutex_);
  --count_;
  changed_.notify_all();
}

void InFlight::wait_until_none() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return count_ == 0; });
}

bool sleep_until(Time time, std::stop_token stop) {
  const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(time)};
  std::mutex mutex;
  std::condition_variable_any never_notified;
  std::unique_lock lock(mutex);
  never_notified.wait_until(lock, stop, until, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace faultline
