#include "harness/kubernetes/api/watch_lines.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

constexpr auto added = R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})";

TEST(WatchLines, HalfALineWaitsForTheOtherHalf) {
  WatchLines lines;
  const std::string text = added;
  lines.add(text.substr(0, 20));
  EXPECT_FALSE(lines.next());
  lines.add(text.substr(20));
  EXPECT_FALSE(lines.next());
  lines.add("\n");
  const auto line = lines.next();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->kind, WatchLine::Kind::event);
  EXPECT_EQ(line->event, WatchEvent::Kind::added);
  EXPECT_EQ(line->object["metadata"]["name"], "a");
  EXPECT_FALSE(lines.next());
  EXPECT_FALSE(lines.broken());
}

TEST(WatchLines, EveryType) {
  WatchLines lines;
  for (const std::string type : {"MODIFIED", "DELETED", "BOOKMARK", "ERROR"})
    lines.add(R"({"type":")" + type + "\",\"object\":{}}\n\n");
  EXPECT_EQ(lines.next()->event, WatchEvent::Kind::modified);
  EXPECT_EQ(lines.next()->event, WatchEvent::Kind::deleted);
  EXPECT_EQ(lines.next()->kind, WatchLine::Kind::bookmark);
  EXPECT_EQ(lines.next()->kind, WatchLine::Kind::error);
  EXPECT_FALSE(lines.next());
}

TEST(WatchLines, WhatFollowsALineThatIsNoEventIsNotTrusted) {
  for (const std::string wrong :
       {"garbage", "[]", "{}", R"({"type":"ADDED"})", R"({"type":1,"object":{}})",
        R"({"type":"ADDED","object":[]})", R"({"type":"NEWER","object":{}})"}) {
    WatchLines lines;
    lines.add(wrong + "\n" + added + "\n");
    EXPECT_FALSE(lines.next()) << wrong;
    EXPECT_TRUE(lines.broken()) << wrong;
  }
}

TEST(WatchLines, ALineWithoutEndIsGivenUp) {
  WatchLines lines;
  lines.add(std::string(17 << 20, 'x'));
  EXPECT_FALSE(lines.next());
  EXPECT_TRUE(lines.broken());
}

}  // namespace
}  // namespace faultline
