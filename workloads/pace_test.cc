#include "workloads/pace.h"

#include <gtest/gtest.h>

#include <thread>

#include "workloads/recorder.h"

namespace faultline {
namespace {

TEST(Schedule, KeepsItsMeanRate) {
  Schedule schedule(200, 1, 0);
  Time last = 0;
  for (int i = 0; i < 20'000; ++i) last = schedule.next();
  EXPECT_NEAR(static_cast<double>(last) / second, 100, 3);
}

TEST(Schedule, NeverGoesBack) {
  Schedule schedule(1'000'000, 7, 5 * second);
  Time last = 5 * second;
  for (int i = 0; i < 10'000; ++i) {
    const Time next = schedule.next();
    EXPECT_GE(next, last);
    last = next;
  }
}

TEST(Schedule, FollowsFromItsSeed) {
  Schedule a(200, 1, 0), b(200, 1, 0), c(200, 2, 0);
  const Time first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

TEST(InFlight, LimitsWhatIsUnderWay) {
  InFlight in_flight;
  std::stop_source stop;
  EXPECT_TRUE(in_flight.acquire(2, stop.get_token()));
  EXPECT_TRUE(in_flight.acquire(2, stop.get_token()));
  std::jthread releasing([&] { in_flight.release(); });
  EXPECT_TRUE(in_flight.acquire(2, stop.get_token()));
  std::jthread stopping([&] { stop.request_stop(); });
  EXPECT_FALSE(in_flight.acquire(2, stop.get_token()));
  in_flight.release();
  in_flight.release();
  in_flight.wait_until_none();
}

TEST(SleepUntil, ReturnsAtTheTimeOrWhenStopped) {
  std::stop_source stop;
  const Time until = monotonic_now() + 5 * millisecond;
  EXPECT_TRUE(sleep_until(until, stop.get_token()));
  EXPECT_GE(monotonic_now(), until);
  EXPECT_TRUE(sleep_until(0, stop.get_token()));
  std::jthread stopping([&] { stop.request_stop(); });
  EXPECT_FALSE(sleep_until(never, stop.get_token()));
}

}  // namespace
}  // namespace faultline
