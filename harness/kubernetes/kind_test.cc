// What a real Docker or kind cannot be made to do at will; the rest is in
// harness/end_to_end_kind_test.cc.
#include "harness/kubernetes/kind.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "harness/cluster/cluster.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

// Programs `docker` and `kind` that say and do what a test wants, and note
// their calls.
class Kind : public ::testing::Test {
 protected:
  Kind() : path_(::getenv("PATH")) {
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  ~Kind() override { ::setenv("PATH", path_.c_str(), 1); }

  void put(const std::string& program, const std::string& script) {
    const auto file = folder_.path() / program;
    std::ofstream(file) << "#!/bin/sh\necho " << program << " \"$@\" >>" << calls().string() << "\n"
                        << script << "\n";
    fs::permissions(file, fs::perms::owner_all);
  }

  bool was_called(const std::string& call) const {
    std::ifstream in(calls());
    for (std::string line; std::getline(in, line);)
      if (line.starts_with(call)) return true;
    return false;
  }

  KindFiles files() const { return kind_files(folder_.path(), "x"); }

  std::string why_not_made() {
    KindOptions options;
    options.name = "x";
    options.files = files();
    options.progress = [](const std::string&) {};
    try {
      create_kind_cluster(options);
      return "";
    } catch (const ClusterError& error) {
      return error.what();
    }
  }

 private:
  fs::path calls() const { return folder_.path() / "calls"; }

  testing::TemporaryFolder folder_;
  std::string path_;
};

TEST_F(Kind, WithoutADockerEngineItIsMissing) {
  put("kind", "");
  put("docker", "echo 'Cannot connect to the Docker daemon at unix:///x.' >&2; exit 1");
  EXPECT_NE(missing_for_kind().find("start it"), std::string::npos) << missing_for_kind();
}

TEST_F(Kind, WithoutPermissionItIsMissing) {
  put("kind", "");
  put("docker", "echo 'permission denied while trying to connect to the Docker API' >&2; exit 1");
  EXPECT_NE(missing_for_kind().find("group docker"), std::string::npos) << missing_for_kind();
}

TEST_F(Kind, WithoutAnAnswerOfDockerNothingIsUndone) {
  put("docker", "exit 1");
  EXPECT_NE(run_program(undo_kind_cluster("x", files()).front().undone).status, 0);
}

TEST_F(Kind, WhereDockerKnowsNoNodeAClusterIsUndone) {
  put("docker", "exit 0");
  EXPECT_EQ(run_program(undo_kind_cluster("x", files()).front().undone).status, 0);
}

// An administrator's key was left where a run was killed.
TEST_F(Kind, UndoneAreTheKubeconfigAndTheConfigurationThatKindWasGiven) {
  const auto key = files().kubeconfig;
  const auto steps = undo_kind_cluster("x", files());
  for (const auto& left : {key.string(), key.string() + ".making"}) {
    testing::write_program(left, "", false);
    EXPECT_NE(run_program(steps.back().undone).status, 0) << left;
    EXPECT_EQ(run_program(steps.back().command).status, 0);
    EXPECT_EQ(run_program(steps.back().undone).status, 0);
    EXPECT_FALSE(std::filesystem::exists(left));
  }
}

TEST_F(Kind, NodeThatDockerDoesNotKnowIsGone) {
  put("docker", "exit 0");
  EXPECT_EQ(run_program(kind_node_is_gone("x-worker")).status, 0);
  put("docker", "echo 4f1c");
  EXPECT_NE(run_program(kind_node_is_gone("x-worker")).status, 0);
  put("docker", "exit 1");
  EXPECT_NE(run_program(kind_node_is_gone("x-worker")).status, 0);
}

TEST_F(Kind, NodeImageThatCannotBePulledIsExplained) {
  put("docker", "exit 0");
  put("kind",
      "echo 'ERROR: failed to create cluster: failed to pull image \"a\"' >&2; test $1 != create");
  EXPECT_NE(why_not_made().find("build-image"), std::string::npos) << why_not_made();
}

TEST_F(Kind, ClusterThatFailedIsRemoved) {
  put("docker", "exit 0");
  put("kind", "echo 'ERROR: failed to create cluster: no space left' >&2; test $1 != create");
  EXPECT_NE(why_not_made().find("no space left"), std::string::npos) << why_not_made();
  EXPECT_TRUE(was_called("kind delete cluster"));
  EXPECT_FALSE(fs::exists(files().shared_folder));
}

TEST_F(Kind, ItsNodesShareAFolderThatIsMadeForThem) {
  put("docker", "exit 0");
  put("kind", "test $1 = create || exit 0; while test $1 != --config; do shift; done; cp $2 " +
                  (files().shared_folder / "config").string());
  why_not_made();  // no node has a port, which is why the cluster is removed again
  std::ifstream in(files().shared_folder / "config");
  const std::string config{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(config.find(files().shared_folder.string()), std::string::npos) << config;
  EXPECT_EQ(config.find("${"), std::string::npos) << config;
}

TEST_F(Kind, WhyItFailedIsSaidEvenWhereNothingCanBeRemoved) {
  put("docker", "exit 0");
  put("kind", "echo \"ERROR: cannot $1\" >&2; exit 1");
  EXPECT_NE(why_not_made().find("cannot create"), std::string::npos) << why_not_made();
  EXPECT_NE(why_not_made().find("cannot delete"), std::string::npos) << why_not_made();
}

TEST_F(Kind, ClusterOfOneWhoWasFasterStays) {
  put("docker", "exit 0");
  put("kind",
      "echo 'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "
      "\"x\"' >&2; test $1 != create");
  EXPECT_NE(why_not_made().find("already exist"), std::string::npos) << why_not_made();
  EXPECT_FALSE(was_called("kind delete cluster"));
}

TEST_F(Kind, ClusterWithoutTheMarkIsSomebodys) {
  put("docker", "case \"$*\" in *volume=*) ;; *) echo 'x-control-plane running' ;; esac");
  put("kind", "");
  EXPECT_EQ(owner_of_kind_cluster("x"), KindOwner::somebody);
  EXPECT_THROW(delete_kind_cluster("x", files()), ClusterError);
  EXPECT_FALSE(was_called("kind delete cluster"));
}

TEST(KindName, IsAHostNameAndNoCommand) {
  EXPECT_EQ(problem_of_kind_name("faultline-test.1"), "");
  EXPECT_EQ(problem_of_kind_name(std::string(49, 'a')), "");
  for (const std::string& wrong : {std::string(), std::string("-a"), std::string("a b"),
                                   std::string("a;b"), std::string("A"), std::string(50, 'a')})
    EXPECT_NE(problem_of_kind_name(wrong), "") << wrong;
}

}  // namespace
}  // namespace faultline
