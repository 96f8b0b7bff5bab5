#include "faults/partition_shape.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using Servers = std::vector<std::string>;
using Links = std::set<Link>;
using enum PartitionShape;

Servers cluster(int size) {
  Servers servers;
  for (int i = 1; i <= size; ++i) servers.push_back("n" + std::to_string(i));
  return servers;
}

Links both_ways(std::initializer_list<Link> links) {
  Links all(links);
  for (const auto& [from, to] : links) all.emplace(to, from);
  return all;
}

std::set<std::string> without(PartitionShape shape, const Servers& targets, int size) {
  return without_majority(cut_links(shape, targets, cluster(size)), cluster(size));
}

using Names = std::set<std::string>;

TEST(PartitionShape, IsolatedFromTheOthersButNotFromEachOther) {
  EXPECT_EQ(cut_links(isolated, Servers{"n2"}, cluster(3)),
            both_ways({{"n2", "n1"}, {"n2", "n3"}}));
  EXPECT_EQ(cut_links(isolated, Servers{"n1", "n2"}, cluster(3)),
            both_ways({{"n1", "n3"}, {"n2", "n3"}}));
  EXPECT_EQ(cut_servers(isolated, Servers{"n3", "n2"}, cluster(3)), (Servers{"n2", "n3"}));
  EXPECT_EQ(without(isolated, {"n2"}, 3), Names{"n2"});
  EXPECT_EQ(without(isolated, {"n2", "n3"}, 3), Names{"n1"}) << "the others are the minority";
}

TEST(PartitionShape, NobodyIsOnTheOtherSideOfAll) {
  for (const auto shape : {isolated, halves, bridge, one_way}) {
    EXPECT_TRUE(cut_links(shape, cluster(3), cluster(3)).empty());
    EXPECT_TRUE(cut_servers(shape, cluster(3), cluster(3)).empty());
  }
  EXPECT_TRUE(cut_links(bridge, Servers{"n1", "n2"}, cluster(3)).empty());
  EXPECT_TRUE(cut_links(ring, cluster(3), cluster(3)).empty()) << "all are neighbours";
}

// A role that nobody had cut a bridge, or halves, all the same.
TEST(PartitionShape, WithoutATargetNothingIsCut) {
  for (const auto shape : {isolated, halves, bridge, ring, one_way}) {
    EXPECT_TRUE(cut_links(shape, {}, cluster(5)).empty());
    EXPECT_TRUE(cut_servers(shape, {}, cluster(5)).empty());
  }
}

TEST(PartitionShape, HalvesAreFilledUpByName) {
  EXPECT_EQ(cut_links(halves, Servers{"n3"}, cluster(3)),
            cut_links(isolated, Servers{"n3"}, cluster(3)));
  EXPECT_EQ(cut_links(halves, Servers{"n4"}, cluster(5)),
            cut_links(isolated, Servers{"n1", "n4"}, cluster(5)));
  EXPECT_EQ(cut_servers(halves, Servers{"n4"}, cluster(5)), (Servers{"n1", "n4"}));
  EXPECT_EQ(without(halves, {"n4"}, 5), (Names{"n1", "n4"}));
  EXPECT_EQ(without(halves, {"n4"}, 4), (Names{"n1", "n2", "n3", "n4"}));
}

TEST(PartitionShape, ABridgeHearsBothHalves) {
  EXPECT_EQ(cut_links(bridge, Servers{"n2"}, cluster(3)), both_ways({{"n1", "n3"}}));
  EXPECT_EQ(cut_servers(bridge, Servers{"n2"}, cluster(3)), (Servers{"n1", "n3"}));
  EXPECT_EQ(cut_links(bridge, Servers{"n3"}, cluster(5)),
            both_ways({{"n1", "n4"}, {"n1", "n5"}, {"n2", "n4"}, {"n2", "n5"}}));
  EXPECT_EQ(without(bridge, {"n3"}, 5), Names{});
  EXPECT_EQ(without(bridge, {"n2"}, 3), Names{});
}

TEST(PartitionShape, InARingEachHearsItsNeighbours) {
  EXPECT_EQ(cut_links(ring, cluster(4), cluster(4)), both_ways({{"n1", "n3"}, {"n2", "n4"}}));
  EXPECT_EQ(cut_links(ring, cluster(5), cluster(5)),
            both_ways({{"n1", "n3"}, {"n1", "n4"}, {"n2", "n4"}, {"n2", "n5"}, {"n3", "n5"}}));
  EXPECT_EQ(cut_servers(ring, cluster(5), cluster(5)), cluster(5));
  EXPECT_EQ(without(ring, cluster(5), 5), Names{});
  EXPECT_EQ(without(ring, cluster(7), 7).size(), 7u) << "three of seven are no majority";
}

TEST(PartitionShape, OneWayTheTargetsStillHear) {
  EXPECT_EQ(cut_links(one_way, Servers{"n1"}, cluster(3)), (Links{{"n1", "n2"}, {"n1", "n3"}}));
  EXPECT_EQ(cut_servers(one_way, Servers{"n1"}, cluster(3)), Servers{"n1"});
  EXPECT_EQ(without(one_way, {"n1"}, 3), Names{"n1"});
}

}  // namespace
}  // namespace faultline
