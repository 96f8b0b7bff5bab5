#include "harness/cluster/agent/containers.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace faultline::agent {
namespace {

// That it kills whom it should is seen on kind; here, that it kills nobody else.
TEST(KillContainer, NobodyWithoutAWholeId) {
  for (const char* id : {"", "a", "0123456789a", "../../..", "system.slice", "kubepods00000"})
    EXPECT_THROW(kill_container(id), std::runtime_error) << id;
}

TEST(KillContainer, NobodyWhereThereIsNoSuchContainer) {
  EXPECT_THROW(kill_container("0123456789abcdef"), std::runtime_error);
  EXPECT_THROW(kill_container("0123456789abcdef", "11112222-3333"), std::runtime_error);
}

}  // namespace
}  // namespace faultline::agent
