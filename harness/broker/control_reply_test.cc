#include "harness/broker/control_reply.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(ControlReplyTest, RepliesOfMemphisAreEmptyOrJsonOrPlainText) {
  EXPECT_EQ(error_in(""), "");
  EXPECT_EQ(error_in(R"({"partitions_update":{"partitions_list":[1]},"error":""})"), "");
  EXPECT_EQ(error_in(R"({"error":"no such station"})"), "no such station");
  EXPECT_EQ(error_in(R"({"schema_update":{}})"), "");
  EXPECT_EQ(error_in(R"({"error":null})"), "");
  EXPECT_EQ(error_in(R"({"error":5})"), "5");
  EXPECT_EQ(error_in("replicas count is larger than the cluster size"),
            "replicas count is larger than the cluster size");
  EXPECT_EQ(error_in("[]"), "[]");
  EXPECT_EQ(error_in("\xff\x00"), "\xff");
}

TEST(ControlReplyTest, RepliesOfNatsHaveAnObjectWhereTheyComplain) {
  EXPECT_EQ(error_in(R"({"type":"io.nats.jetstream.api.v1.stream_create_response"})"), "");
  EXPECT_EQ(error_in(R"({"error":{"code":404}})"), R"({"code":404})");
}

}  // namespace
}  // namespace faultline
