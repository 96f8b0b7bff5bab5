#include "harness/cluster/delay/delay_queue.h"

#include <algorithm>
#include <stdexcept>

namespace faultline::delay {

using std::chrono::nanoseconds;

DelayQueue::DelayQueue(const Settings& settings)
    : random_(settings.seed),
      nanoseconds_(nanoseconds(settings.delay - settings.jitter).count(),
                   nanoseconds(settings.delay + settings.jitter).count()) {
  if (settings.jitter > settings.delay || settings.jitter < settings.jitter.zero())
    throw std::invalid_argument("the jitter is above the delay, or below zero");
}

void DelayQueue::hold(std::uint32_t packet, Time now) {
  const Time until = now + nanoseconds(nanoseconds_(random_));
  held_.push_back({packet, held_.empty() ? until : std::max(until, held_.back().until)});
}

std::optional<Time> DelayQueue::next() const {
  if (held_.empty()) return {};
  return held_.front().until;
}

std::optional<std::uint32_t> DelayQueue::release(Time now) {
  if (held_.empty() || held_.front().until > now) return {};
  const auto packet = held_.front().packet;
  held_.pop_front();
  return packet;
}

}  // namespace faultline::delay
