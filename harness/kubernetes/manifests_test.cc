#include "harness/kubernetes/manifests.h"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/cluster/cluster.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using nlohmann::json;

class ManifestsTest : public ::testing::Test {
 protected:
  std::vector<json> read(const std::string& text, const std::map<std::string, json>& values = {}) {
    const auto file = folder_.path() / "m.yaml";
    std::ofstream(file) << text;
    return read_manifests(file, values);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ManifestsTest, ValuesKeepTheirType) {
  const auto all = read("a: ${n}\nb: x-${n}-${s}\nc: \"${n}\"\nd: \"7\"\ne: 7\nf: true\ng: 30s\n",
                        {{"n", 5}, {"s", "y"}});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(
      all[0],
      (json{{"a", 5}, {"b", "x-5-y"}, {"c", 5}, {"d", "7"}, {"e", 7}, {"f", true}, {"g", "30s"}}));
}

TEST_F(ManifestsTest, AValueWithABlankInItIsNotFilledAgain) {
  EXPECT_EQ(read("a: ${s}!\n", {{"s", "${n}"}})[0]["a"], "${n}!");
}

TEST_F(ManifestsTest, DocumentsAndAnchors) {
  const auto all = read("a: &x {k: v}\nb: *x\n---\nc: [1, 2]\n---\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["b"], (json{{"k", "v"}}));
  EXPECT_EQ(all[1]["c"], (json{1, 2}));
}

TEST_F(ManifestsTest, MistakesAreNamedByFileAndLine) {
  for (const auto& [text, what] : std::map<std::string, std::string>{
           {"a: 1\nb: ${none}\n", "m.yaml:2: there is no value for ${none}"},
           {"a: ${open\n", "m.yaml:1: there is no value for"},
           {"a: [1\n", "m.yaml:"}})
    try {
      read(text);
      ADD_FAILURE() << text;
    } catch (const ClusterError& error) {
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  EXPECT_THROW(read_manifests("/no/such/file", {}), ClusterError);
}

// Those of the project, with what README of kind-config promises to fill in.
TEST(Manifests, OfTheProjectAreWhole) {
  const std::map<std::string, json> values{{"namespace", "n"},
                                           {"run", "r"},
                                           {"image", "i"},
                                           {"brokers", 3},
                                           {"control_plane", "c"},
                                           {"metadata_image", "m"},
                                           {"server", "nats-0"},
                                           {"worker", "w"},
                                           {"volume_path", "/p"},
                                           {"client_node_port", 30401},
                                           {"monitor_node_port", 30501}};
  const std::filesystem::path folder = FAULTLINE_KIND_CONFIG;
  EXPECT_EQ(read_manifests(folder / "storage-class.yaml", {}).size(), 1u);
  EXPECT_EQ(read_manifests(folder / "nats/cluster.yaml", values).size(), 5u);
  EXPECT_EQ(read_manifests(folder / "memphis/cluster.yaml", values).size(), 8u);
  const auto broker = read_manifests(folder / "broker/service.yaml", values);
  ASSERT_EQ(broker.size(), 1u);
  EXPECT_EQ(broker[0]["spec"]["ports"][0]["nodePort"], 30401);
  for (const char* file : {"broker/volume.yaml", "broker/shared-volume.yaml"})
    EXPECT_EQ(read_manifests(folder / file, values).size(), 1u) << file;
  EXPECT_EQ(read_manifests(folder / "cluster.yaml", {{"shared_folder", "/s"}}).size(), 1u);
}

}  // namespace
}  // namespace faultline
