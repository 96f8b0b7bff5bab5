#include "checkers/crash.h"

#include <gtest/gtest.h>

#include "checkers/testing.h"

namespace faultline {
namespace {

using testing::HistoryBuilder;

TEST(Crash, ABrokerThatExitsByItself) {
  HistoryBuilder b;
  b.event(1, BrokerChanged{"n2", BrokerStage::started, true, ""});
  b.event(2 * second, BrokerChanged{"n2", BrokerStage::exited, false, "exit status 2: panic"});
  const CheckResult result = check_crash(b.build());
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_NE(result.reason.find("n2"), std::string::npos);
  EXPECT_NE(result.reason.find("exit status 2: panic"), std::string::npos);
}

TEST(Crash, ABrokerThatAFaultKilled) {
  HistoryBuilder b;
  b.event(1, BrokerChanged{"n2", BrokerStage::started, true, ""});
  b.event(2, BrokerChanged{"n2", BrokerStage::exited, true, "signal 9"});
  EXPECT_EQ(check_crash(b.build()).verdict, Verdict::pass);
}

TEST(Crash, WithoutBrokersUnknown) { EXPECT_EQ(check_crash({}).verdict, Verdict::unknown); }

}  // namespace
}  // namespace faultline
