#include "checkers/traffic.h"

#include <gtest/gtest.h>

#include "checkers/testing_run.h"

namespace faultline {
namespace {

using testing::HistoryBuilder;

constexpr Duration patience = second;

TEST(Traffic, ServedInOrderOfCompletion) {
  HistoryBuilder b;
  b.publish(1, 1, 10, 90, 1);
  b.publish(2, 1, 20, 30, 2);
  b.unknown_publish(2, 2, 40, 50);
  b.failed_publish(2, 3, 60, 70);
  const Traffic traffic(b.build(), Service::writes, patience);
  ASSERT_EQ(traffic.served().size(), 2u);
  EXPECT_EQ(traffic.served()[0].completed, 30);
  EXPECT_EQ(traffic.served()[0].operation, 1u);
  EXPECT_EQ(traffic.served()[1].completed, 90);
  EXPECT_EQ(traffic.first_served_since(30)->completed, 30);
  EXPECT_EQ(traffic.first_served_after(30)->completed, 90);
}

TEST(Traffic, AReadThatFoundNothingIsNotServed) {
  HistoryBuilder b;
  b.answer(OperationKind::read, Answer::absent, 1, 10, 20);
  b.drain_read(1, {1, 1}, 30, 40);
  EXPECT_TRUE(Traffic(b.build(), Service::reads, patience).served().empty());
}

TEST(Traffic, TriedWhileUnderWayAndALittleAfter) {
  HistoryBuilder b;
  b.event(0, Note{});
  for (Time t = 0; t <= 20 * second; t += second / 2) b.event(t, Note{});
  b.unknown_publish(1, 1, 2 * second, 5 * second);
  b.unknown_publish(1, 2, 6 * second, 8 * second);
  b.unknown_publish(1, 3, 12 * second, 13 * second);
  const Traffic traffic(b.build(), Service::writes, patience);
  EXPECT_EQ(traffic.tried({0, 20 * second}), 7 * second);
  EXPECT_EQ(traffic.tried({8 * second, 12 * second}), 0);
}

TEST(Traffic, WithoutCompletionItIsUnderWayToTheEnd) {
  HistoryBuilder b;
  for (Time t = 0; t <= 10 * second; t += second / 2) b.event(t, Note{});
  b.unknown_publish(1, 1, 2 * second);
  EXPECT_EQ(Traffic(b.build(), Service::writes, patience).tried({0, 10 * second}), 8 * second);
}

TEST(Traffic, AHarnessThatStoodStillDidNotTry) {
  HistoryBuilder b;
  b.unknown_publish(1, 1, 0, 10 * second);
  b.read(1, {1, 1}, second / 2, second);
  const Duration tried = Traffic(b.build(), Service::writes, patience).tried({0, 10 * second});
  EXPECT_LT(tried, 2 * second);
}

TEST(Traffic, EmptyHistory) {
  const Traffic traffic(History{}, Service::writes, patience);
  EXPECT_TRUE(traffic.served().empty());
  EXPECT_EQ(traffic.tried({0, second}), 0);
}

}  // namespace
}  // namespace faultline
