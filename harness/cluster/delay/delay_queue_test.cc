#include "harness/cluster/delay/delay_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace faultline::delay {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

const Time begin{};

std::vector<nanoseconds> delays(const Settings& settings, nanoseconds between, int packets) {
  DelayQueue queue(settings);
  std::vector<nanoseconds> all;
  for (int i = 0; i < packets; ++i) {
    queue.hold(static_cast<std::uint32_t>(i), begin + i * between);
    if (between >= settings.delay + settings.jitter) {
      all.push_back(*queue.next() - (begin + i * between));
      EXPECT_TRUE(queue.release(*queue.next()));
    }
  }
  for (int i = static_cast<int>(all.size()); i < packets; ++i) {
    const Time now = *queue.next();
    EXPECT_EQ(queue.release(now), static_cast<std::uint32_t>(i)) << "none overtakes another";
    all.push_back(now - (begin + i * between));
  }
  EXPECT_FALSE(queue.next());
  return all;
}

TEST(DelayQueue, HoldsEachForTheDelay) {
  DelayQueue queue({.delay = 100ms});
  EXPECT_FALSE(queue.next());
  EXPECT_FALSE(queue.release(begin));
  queue.hold(7, begin);
  EXPECT_EQ(queue.next(), begin + 100ms);
  EXPECT_FALSE(queue.release(begin + 99ms));
  EXPECT_EQ(queue.release(begin + 100ms), 7u);
  EXPECT_FALSE(queue.release(begin + 1s));
}

TEST(DelayQueue, JitterSpreadsThemWithinItsBounds) {
  const auto all = delays({.delay = 100ms, .jitter = 50ms, .seed = 1}, 200ms, 1000);
  const auto [least, most] = std::ranges::minmax(all);
  EXPECT_GE(least, 50ms);
  EXPECT_LT(least, 60ms);
  EXPECT_LE(most, 150ms);
  EXPECT_GT(most, 140ms);
}

TEST(DelayQueue, NoneOvertakesAnother) {
  for (const auto delay : delays({.delay = 100ms, .jitter = 100ms, .seed = 2}, 1ms, 1000))
    EXPECT_LE(delay, 200ms);
}

TEST(DelayQueue, TheSameSeedGivesTheSameDelays) {
  const Settings settings{.delay = 100ms, .jitter = 50ms, .seed = 3};
  EXPECT_EQ(delays(settings, 200ms, 100), delays(settings, 200ms, 100));
  EXPECT_NE(delays(settings, 200ms, 100),
            delays({.delay = 100ms, .jitter = 50ms, .seed = 4}, 200ms, 100));
}

TEST(DelayQueue, JitterAboveTheDelayIsRefused) {
  EXPECT_THROW(DelayQueue({.delay = 1ms, .jitter = 2ms}), std::invalid_argument);
}

}  // namespace
}  // namespace faultline::delay
