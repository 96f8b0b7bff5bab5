#include "harness/broker/memphis/memphis_names.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(MemphisNamesTest, PartitionIsAStreamOfTheStation) {
  EXPECT_EQ(memphis_stream("faultline", 1), "faultline$1");
  EXPECT_EQ(memphis_stream("faultline", 12), "faultline$12");
  EXPECT_EQ(memphis_subject("faultline", 1), "faultline$1.final");
}

TEST(MemphisNamesTest, DotsAndCapitalsAreNotKept) {
  EXPECT_EQ(memphis_stream("My.Own_Station-1", 1), "my#own_station-1$1");
  EXPECT_EQ(memphis_durable("Keeps.Up"), "keeps#up");
  EXPECT_EQ(memphis_durable(""), "");
}

}  // namespace
}  // namespace faultline
