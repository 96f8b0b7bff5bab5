#include "checkers/format.h"

#include <gtest/gtest.h>

#include "checkers/verdict.h"

namespace faultline {
namespace {

TEST(Format, DurationsKeepThreeDigits) {
  EXPECT_EQ(format_duration(0), "0 s");
  EXPECT_EQ(format_duration(850), "850 ns");
  EXPECT_EQ(format_duration(1'200'000), "1.20 ms");
  EXPECT_EQ(format_duration(999'600), "1.00 ms");
  EXPECT_EQ(format_duration(999'960'000), "1.00 s");
  EXPECT_EQ(format_duration(5'100 * millisecond), "5.10 s");
  EXPECT_EQ(format_duration(75 * second), "75.0 s");
  EXPECT_EQ(format_duration(125 * second), "2 min 5 s");
  EXPECT_EQ(format_duration(-2 * second), "-2.00 s");
}

TEST(Format, TimesAreRelative) {
  EXPECT_EQ(format_time(100 * second + 12'345 * millisecond, 100 * second), "+12.345 s");
  EXPECT_EQ(format_time(0, second), "-1.000 s");
  EXPECT_EQ(format_time(never, 0), "never");
}

TEST(Format, DescribesAPublish) {
  Operation o;
  o.value = {2, 17};
  o.process = 3;
  o.invoked = 12'345 * millisecond;
  EXPECT_EQ(describe(o, 0), "publish 2/17 by process 3 at +12.345 s, never acknowledged");
  o.completed = o.invoked + 1'200'000;
  EXPECT_EQ(describe(o, 0),
            "publish 2/17 by process 3 at +12.345 s, not acknowledged after 1.20 ms");
  o.outcome = Outcome::ok;
  o.sequence = 1204;
  EXPECT_EQ(describe(o, 0),
            "publish 2/17 by process 3 at +12.345 s, acknowledged as 1204 after 1.20 ms");
}

TEST(Format, DescribesReads) {
  Operation o;
  o.kind = OperationKind::read;
  o.outcome = Outcome::ok;
  o.answer = Answer::absent;
  o.sequence = 7;
  o.process = 5;
  o.invoked = second;
  o.completed = second + 800'000;
  EXPECT_EQ(describe(o, 0), "read of 7 by process 5 at +1.000 s, absent after 800 us");
  o.answer = Answer::message;
  o.value = {1, 2};
  EXPECT_EQ(describe(o, 0), "read of 7 by process 5 at +1.000 s, brought 1/2 after 800 us");
  o.kind = OperationKind::deliver;
  EXPECT_EQ(describe(o, 0), "deliver by process 5 at +1.000 s, brought 1/2 at 7 after 800 us");
}

TEST(Format, VerdictsHaveTheirNames) {
  EXPECT_EQ(to_string(Verdict::pass), "pass");
  EXPECT_EQ(to_string(Verdict::unknown), "unknown");
  EXPECT_EQ(to_string(Verdict::fail), "fail");
}

}  // namespace
}  // namespace faultline
