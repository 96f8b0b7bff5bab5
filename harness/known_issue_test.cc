#include "harness/known_issue.h"

#include <gtest/gtest.h>

#include <regex>
#include <stdexcept>

namespace faultline {
namespace {

TEST(KnownIssue, VersionsAreSingleOnesAndRanges) {
  const std::string versions = "2.9.3, 2.10.7 - 2.10.22, 2.12.0 -";
  for (const auto* in : {"2.9.3", "2.10.7", "2.10.9", "2.10.22", "2.12.0", "2.12.15", "3.0.0"})
    EXPECT_TRUE(has_version(versions, in)) << in;
  for (const auto* out : {"2.9.2", "2.9.4", "2.10.6", "2.10.23", "2.11.17", "1.20.0"})
    EXPECT_FALSE(has_version(versions, out)) << out;
}

TEST(KnownIssue, ACandidateComesBeforeItsRelease) {
  EXPECT_FALSE(has_version("2.12.0 - 2.12.3", "2.12.0-RC.1"));
  EXPECT_TRUE(has_version("2.11.0 - 2.12.0", "2.12.0-RC.1"));
  EXPECT_TRUE(has_version("2.12.0-RC.1 - 2.12.0", "2.12.0-RC.2"));
  EXPECT_TRUE(has_version("2.12.0-RC.1", "2.12.0-RC.1"));
  EXPECT_FALSE(has_version("2.12.0-RC.1", "2.12.0"));
  EXPECT_TRUE(has_version("2.12.0-RC.2 - 2.12.0", "2.12.0-RC.10"));
  EXPECT_TRUE(has_version("2.12.0-alpha.1 - 2.12.0-alpha.beta", "2.12.0-alpha.2"));
}

TEST(KnownIssue, ARangeBackwardsHoldsNothing) {
  EXPECT_TRUE(has_empty_range("2.10.22 - 2.10.7"));
  EXPECT_FALSE(has_empty_range("2.10.7 - 2.10.22, 2.11.0, 2.12.0 -"));
  EXPECT_FALSE(has_version("2.10.22 - 2.10.7", "2.10.9"));
}

TEST(KnownIssue, ThePatternSaysWhatCanBeRead) {
  const std::regex pattern(version_list_pattern());
  for (const auto* good : {"2.10.22", "2.10.7 - 2.10.22", "2.10.7 -", "2.9.0, 2.10.7 - 2.10.22",
                           "2.12.0-RC.1 - 2.12.0"}) {
    EXPECT_TRUE(std::regex_match(good, pattern)) << good;
    EXPECT_NO_THROW(has_version(good, "2.10.22")) << good;
  }
  for (const auto* bad : {"", "2.10", "2.10.x", "2.10.7-", "- 2.10.22", "2.10.7 - 2.10.22 -",
                          "2.10.7,2.10.8", "2.10.7, ", "all", "99999999999.0.0"}) {
    EXPECT_FALSE(std::regex_match(bad, pattern)) << bad;
    EXPECT_FALSE([&] {
      try {
        return has_version(bad, "2.10.22");
      } catch (const std::invalid_argument&) {
        return false;
      }
    }()) << bad;
  }
  EXPECT_THROW(has_version("2.10.22", ""), std::invalid_argument);
}

}  // namespace
}  // namespace faultline
