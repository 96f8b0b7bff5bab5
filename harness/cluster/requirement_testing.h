// For tests that need more of the machine than every machine has.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

namespace faultline {

// FAULTLINE_REQUIRE=kind,root: what must be there, so that a machine that lost
// it does not pass by skipping.
inline bool is_required(std::string_view capability) {
  const char* value = std::getenv("FAULTLINE_REQUIRE");
  for (std::string_view rest = value ? value : ""; !rest.empty();) {
    const auto comma = rest.find(',');
    if (rest.substr(0, comma) == capability) return true;
    rest = comma == rest.npos ? "" : rest.substr(comma + 1);
  }
  return false;
}

}  // namespace faultline

// In a test body or in SetUp.
#define FAULTLINE_NEEDS(capability, present)                                                   \
  if (!(present)) {                                                                            \
    if (::faultline::is_required(capability)) FAIL() << "not here, but required: " capability; \
    GTEST_SKIP() << "needs " capability;                                                       \
  }
