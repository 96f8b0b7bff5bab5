#include "harness/cluster/capabilities.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/cluster/requirement_testing.h"

namespace faultline {
namespace {

TEST(Capabilities, EachSaysWhatIsMissingAndWhatToDo) {
  const auto all = network_capabilities();
  EXPECT_EQ(all.size(), 6u);
  for (const auto& one : all) {
    EXPECT_FALSE(one.purpose.empty()) << one.what;
    EXPECT_EQ(one.works, one.found.empty()) << one.what << ": " << one.found;
    EXPECT_EQ(one.works, one.remedy.empty()) << one.what;
  }
}

TEST(Capabilities, ANamespaceThatIsTriedIsNotLeft) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  const auto seen = network_namespaces();
  EXPECT_TRUE(seen.works) << seen.found;
  EXPECT_FALSE(std::filesystem::exists("/run/netns/probe"));
}

TEST(Capabilities, WhatEveryKernelHasWorks) {
  FAULTLINE_NEEDS("root", ::geteuid() == 0);
  EXPECT_TRUE(qdisc("htb").works) << qdisc("htb").found;
  EXPECT_TRUE(packet_filter().works) << packet_filter().found;
}

}  // namespace
}  // namespace faultline
