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

TEST(Catalogue, WithoutAPathIsThePage) {
  const auto found = load({});
  EXPECT_EQ(problems(found), "");
  EXPECT_EQ(names(found), (Names{"broker-follower-1", "broker-follower-2", "broker-leader",
                                 "broker-followers", "broker-leader-and-follower", "broker-all"}));
}

TEST(Catalogue, HoldsOnlyValidScenarios) {
  const auto found = load({}, Selection::all);
  EXPECT_EQ(problems(found), "");
  EXPECT_GE(found.scenarios.size(), 10u);
}

TEST(Catalogue, OfThePagePromisesWhatThePageSays) {
  struct Figure {
    std::string target, cites;
    Promise promise;
    Resume resume;
  };
  const std::string one =
      "Single broker failure, leader or follower. Produce / Consume is working usually. No data "
      "loss.";
  const std::string two =
      "Two out of three replicas/brokers are down. Produce/Consume will be stopped until at least "
      "one "
      "replica/follower is available. No data loss.";
  const std::string all =
      "The entire cluster is down. Produce/Consume will be stopped until at least one leader and "
      "replica/follower are available. No data loss.";
  const std::map<std::string, Figure> page = {
      {"1.1", {"follower:1", one, Promise::keeps_on, Resume::healed}},
      {"1.2", {"follower:2", one, Promise::keeps_on, Resume::healed}},
      {"1.3", {"leader", one, Promise::pause, Resume::healed}},
      {"1.4", {"followers", two, Promise::stop, Resume::quorum}},
      {"1.5", {"leader+follower", two, Promise::stop, Resume::quorum}},
      {"1.6", {"all", all, Promise::stop, Resume::quorum}},
  };
  const auto found = load({});
  ASSERT_EQ(found.scenarios.size(), page.size());
  for (const auto& s : found.scenarios) {
    ASSERT_TRUE(page.contains(s.figure)) << s.figure;
    const auto& figure = page.at(s.figure);
    EXPECT_EQ(s.cites, figure.cites);
    ASSERT_EQ(s.faults.size(), 1u);
    EXPECT_EQ(s.faults[0].fault, "broker-kill");
    EXPECT_EQ(s.faults[0].target, figure.target);
    EXPECT_EQ(s.expectations.writes, figure.promise);
    EXPECT_EQ(s.expectations.reads, figure.promise);
    EXPECT_EQ(s.expectations.resume, figure.resume);
    EXPECT_EQ(s.expectations.loss, LossPromise::none);
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
