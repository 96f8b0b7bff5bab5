#include "harness/catalogue.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

namespace faultline {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names(const Catalogue& catalogue) {
  std::vector<std::string> all;
  for (const auto& scenario : catalogue.scenarios) all.push_back(scenario.name);
  return all;
}

std::string problems(const Catalogue& catalogue) {
  std::string all;
  for (const auto& problem : catalogue.problems) all += to_string(problem) + "\n";
  return all;
}

Catalogue load(std::vector<fs::path> paths, Selection selection = Selection::to_run) {
  return load_catalogue(paths, selection);
}

using Names = std::vector<std::string>;

class CatalogueFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "faultline-catalogue-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  fs::path write(const fs::path& file, const std::string& name, const std::string& set = "custom") {
    fs::create_directories((folder / file).parent_path());
    std::ofstream(folder / file) << fmt::format(
        "apiVersion: faultline/v1\nkind: Scenario\n"
        "metadata: {{name: {}, title: t, figure: '1.1', cites: c, set: {}}}\n"
        "spec: {{timeline: {{faults: [{{fault: broker-kill, target: leader}}]}}}}\n",
        name, set);
    return folder / file;
  }

  fs::path folder;
};

TEST_F(CatalogueFolder, IsSearchedThroughInOrderOfNames) {
  write("b.yaml", "b");
  write("a.yml", "a");
  write("below/c.yaml", "c");
  write("notes.txt", "n");
  write(".hidden.yaml", "h");
  const auto found = load({folder});
  EXPECT_EQ(problems(found), "");
  EXPECT_EQ(names(found), (Names{"a", "b", "c"}));
}

TEST_F(CatalogueFolder, KeepsTheOrderOfPathsAndCountsAFileOnce) {
  const auto b = write("b.yaml", "b");
  const auto a = write("a.yaml", "a");
  fs::create_symlink(a, folder / "z.yaml");
  const auto found = load({b, folder, folder / "." / "a.yaml"});
  EXPECT_EQ(problems(found), "");
  EXPECT_EQ(names(found), (Names{"b", "a"}));
}

TEST_F(CatalogueFolder, RunsKnownIssuesOnlyWhenNamed) {
  write("page/p.yaml", "p", "page");
  const auto issue = write("issues/i.yaml", "i", "known-issue");
  write("built/f.yaml", "f", "built-to-fail");
  EXPECT_EQ(names(load({folder})), Names{"p"});
  EXPECT_EQ(names(load({folder}, Selection::all)), (Names{"f", "i", "p"}));
  EXPECT_EQ(names(load({folder / "issues"})), Names{"i"});
  EXPECT_EQ(names(load({folder / "issues" / ""})), Names{"i"});
  EXPECT_EQ(names(load({issue})), Names{"i"});
  EXPECT_EQ(names(load({folder, issue})), (Names{"p", "i"}));
}

TEST_F(CatalogueFolder, TellsAllProblemsOfAllFilesAtOnce) {
  std::ofstream(write("a.yaml", "a"), std::ios::app) << "extra: 1\nmore: 2\n";
  write("b.yaml", "b");
  std::ofstream(folder / "c.yaml") << "";
  const auto found = load({folder, folder / "missing.yaml"});
  EXPECT_EQ(names(found), Names{"b"});
  const auto at = folder.string();
  EXPECT_EQ(
      problems(found),
      at + "/a.yaml:5:1: unknown key 'extra'; known here: apiVersion, kind, metadata, spec\n" + at +
          "/a.yaml:6:1: unknown key 'more'; known here: apiVersion, kind, metadata, spec\n" + at +
          "/c.yaml: is empty; docs/scenarios.md shows what a scenario looks like\n" + at +
          "/missing.yaml: does not exist\n");
}

TEST_F(CatalogueFolder, RefusesAPathThatHoldsNothing) {
  EXPECT_EQ(problems(load({folder})), folder.string() + ": holds no scenario (*.yaml)\n");
  write("issues/i.yaml", "i", "known-issue");
  EXPECT_EQ(problems(load({folder})),
            folder.string() +
                ": holds only scenarios that run when they are named, or their folder is\n");
}

TEST_F(CatalogueFolder, RefusesTwoScenariosOfOneName) {
  write("a.yaml", "same");
  write("b.yaml", "same");
  EXPECT_EQ(problems(load({folder})),
            fmt::format("{0}/b.yaml: metadata.name 'same' is the name of {0}/a.yaml too\n",
                        folder.string()));
}

// The project's own catalogue; tests run in the source folder.

TEST(Catalogue, WithoutAPathIsThePageInItsOrder) {
  const auto found = load({});
  EXPECT_EQ(problems(found), "");
  Names expected;
  for (const char* what : {"broker", "worker", "volume"})
    for (const char* whose :
         {"follower-1", "follower-2", "leader", "followers", "leader-and-follower", "all"})
      expected.push_back(fmt::format("{}-{}", what, whose));
  EXPECT_EQ(names(found), expected);
}

TEST(Catalogue, HoldsOnlyValidScenarios) {
  const auto found = load({}, Selection::all);
  EXPECT_EQ(problems(found), "");
  EXPECT_GE(found.scenarios.size(), 10u);
}

// What the page says of each figure, once more by hand.
TEST(Catalogue, OfThePagePromisesWhatThePageSays) {
  struct Figure {
    std::string fault, target, cites;
    Promise promise;
    Resume resume;
    LossPromise loss = LossPromise::none;
    ManualRestart manual_restart = ManualRestart::not_promised;
  };
  const auto going_on = Promise::keeps_on, pause = Promise::pause, stop = Promise::stop,
             open = Promise::not_promised;
  const std::string b = "broker-kill", w = "worker-stop", v = "volume-detach";
  const std::string until_one = "until at least one replica/follower is available. No data loss.";
  const std::string until_leader =
      "until at least one leader and replica/follower are available. No data loss.";
  const std::string no_quorum =
      " No quorum for stream. No cluster leader. The station is temporarily unavailable. "
      "Produce/Consume will be stopped " +
      until_one;
  const std::string by_hand = "The affected broker and PV require a manual restart.";
  const std::string b1 =
      "Single broker failure, leader or follower. Produce / Consume is working usually. No data "
      "loss.";
  const std::string b2 =
      "Two out of three replicas/brokers are down. Produce/Consume will be stopped " + until_one;
  const std::string w1 =
      "The kubernetes worker that holds one of the \"followers\" is down. The cluster will wait "
      "for "
      "the broker to be \"Ready.\" Produce / Consume is working usually. No data loss.";
  const std::string w2 =
      "The kubernetes workers that hold the \"followers\"/\"Leader and a follower\" are down." +
      no_quorum;
  const std::string v1 =
      "One of the K8S worker's PVs owned by one of the followers is down. " + by_hand;
  const auto none = LossPromise::none, unsaid = LossPromise::not_promised;
  const auto manual = ManualRestart::required;
  const std::map<std::string, Figure> page = {
      {"1.1", {b, "follower:1", b1, going_on, Resume::healed}},
      {"1.2", {b, "follower:2", b1, going_on, Resume::healed}},
      {"1.3", {b, "leader", b1, pause, Resume::healed}},
      {"1.4", {b, "followers", b2, stop, Resume::quorum}},
      {"1.5", {b, "leader+follower", b2, stop, Resume::quorum}},
      {"1.6",
       {b, "all", "The entire cluster is down. Produce/Consume will be stopped " + until_leader,
        stop, Resume::quorum}},
      {"2.1", {w, "follower:1", w1, going_on, Resume::healed}},
      {"2.2", {w, "follower:2", w1, going_on, Resume::healed}},
      {"2.3",
       {w, "leader",
        "The kubernetes worker that holds the \"leader\" is down. The \"leader\" role has been "
        "taken "
        "over by broker 2. Producers / Consumers will might require a reconnect. No data loss.",
        pause, Resume::healed}},
      {"2.4", {w, "followers", w2, stop, Resume::quorum}},
      {"2.5", {w, "leader+follower", w2, stop, Resume::quorum}},
      {"2.6",
       {w, "all",
        "The Kubernetes cluster is down; therefore, the Memphis cluster is down. Produce/Consume "
        "will be stopped " +
            until_leader,
        stop, Resume::quorum}},
      {"3.1", {v, "follower:1", v1, open, Resume::not_promised, unsaid, manual}},
      {"3.2", {v, "follower:2", v1, open, Resume::not_promised, unsaid, manual}},
      {"3.3",
       {v, "leader",
        "The leader's volume is down. Data may not be available during the new leader election "
        "process. Producing messages is suspended until a new leader is elected. " +
            by_hand,
        pause, Resume::healed, unsaid, manual}},
      {"3.4",
       {v, "followers", "Both followers' volumes are down." + no_quorum, stop, Resume::quorum,
        none}},
      {"3.5",
       {v, "leader+follower", "Both leader and follower volumes are down." + no_quorum, stop,
        Resume::quorum, none}},
      {"3.6",
       {v, "all",
        "All volumes are down; therefore, the Memphis cluster is down. Produce/Consume will be "
        "stopped " +
            until_leader,
        stop, Resume::quorum, none}},
  };
  const auto found = load({});
  ASSERT_EQ(found.scenarios.size(), page.size());
  for (const auto& s : found.scenarios) {
    ASSERT_TRUE(page.contains(s.figure)) << s.figure;
    const auto& figure = page.at(s.figure);
    EXPECT_EQ(s.cites, figure.cites);
    ASSERT_EQ(s.faults.size(), 1u);
    EXPECT_EQ(s.faults[0].fault, figure.fault);
    EXPECT_EQ(s.faults[0].target, figure.target);
    EXPECT_EQ(s.expectations.writes, figure.promise) << s.figure;
    EXPECT_EQ(s.expectations.reads, figure.promise) << s.figure;
    EXPECT_EQ(s.expectations.resume, figure.resume) << s.figure;
    EXPECT_EQ(s.expectations.loss, figure.loss) << s.figure;
    EXPECT_EQ(s.expectations.manual_restart, figure.manual_restart) << s.figure;
    EXPECT_EQ(s.brokers, 3u);
    EXPECT_EQ(s.replicas, 3u);
    EXPECT_FALSE(s.memory_storage);
  }
}

TEST(Catalogue, LiesBesideTheProgramOrTheSources) {
  const auto here = fs::current_path();
  fs::current_path("/");
  const auto found = scenarios_folder();
  fs::current_path(here);
  EXPECT_TRUE(fs::is_regular_file(found / "schema.json")) << found;
}

}  // namespace
}  // namespace faultline
