#include "harness/kubernetes/perform_undo.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/api/testing_objects.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/run_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::impatient;
using ::testing::StartsWith;
using testing::StubObjects;
using testing::StubServer;
using namespace std::chrono_literals;

class PerformUndoTest : public ::testing::Test {
 protected:
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  bool there(const std::string& name) const { return std::filesystem::exists(file(name)); }

  // Undone when the file is there; its command makes it.
  UndoStep making(const std::string& name) const {
    return {{"test", "-e", file(name)}, {"touch", file(name)}};
  }

  static UndoStep in_vain() { return {{"false"}, {"sh", "-c", "echo no way >&2"}}; }

  static std::string problem_of(const Undo& undo) {
    try {
      perform_undo(undo, 1ms);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no problem";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(PerformUndoTest, StepsAreDoneInTheirOrder) {
  Undo undo{"x"};
  undo.steps = {making("a"), {{"test", "-e", file("b")}, {"cp", file("a"), file("b")}}};
  EXPECT_TRUE(perform_undo(undo));
  EXPECT_TRUE(there("a"));
  EXPECT_TRUE(there("b"));
}

TEST_F(PerformUndoTest, WhatIsUndoneAlreadyIsNotDoneAgain) {
  Undo undo{"x"};
  undo.steps = {{{"true"}, {"touch", file("a")}}};
  EXPECT_FALSE(perform_undo(undo));
  EXPECT_FALSE(there("a"));
  undo.steps.push_back(making("b"));
  EXPECT_TRUE(perform_undo(undo));
  EXPECT_FALSE(perform_undo(undo));
}

TEST_F(PerformUndoTest, NothingIsTriedWhereWhatWouldBeUndoneIsGone) {
  Undo undo{"x", {"true"}, {making("a")}};
  EXPECT_FALSE(perform_undo(undo));
  EXPECT_FALSE(there("a"));
  undo.gone = {"false"};
  EXPECT_TRUE(perform_undo(undo));
  EXPECT_TRUE(there("a"));
}

TEST_F(PerformUndoTest, AQuestionThatCannotBeAskedIsNotAnsweredByGone) {
  Undo undo{"x", {"no-such-program-of-faultline"}, {making("a")}};
  EXPECT_TRUE(perform_undo(undo));
  EXPECT_TRUE(there("a"));
}

TEST_F(PerformUndoTest, ACommandWithoutEffectIsAProblem) {
  Undo undo{"worker w runs", {}, {in_vain()}};
  const auto problem = problem_of(undo);
  EXPECT_THAT(problem, AllOf(StartsWith("worker w runs: "), HasSubstr("had no effect: no way")));
  EXPECT_EQ(problem.find('\n'), problem.npos);
}

TEST_F(PerformUndoTest, ACommandThatFailsIsNotWaitedFor) {
  Undo undo{"x", {}, {{{"false"}, {"sh", "-c", "echo no way >&2; exit 7"}}}};
  try {
    perform_undo(undo, 1h);
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(": no way"));
  }
}

TEST_F(PerformUndoTest, AnEffectMayTakeAWhile) {
  Undo undo{"x",
            {},
            {{{"test", "-e", file("a")},
              {"sh", "-c", "(sleep 0.3; touch " + file("a") + ") >/dev/null 2>&1 &"}}}};
  EXPECT_TRUE(perform_undo(undo));
  EXPECT_TRUE(there("a"));
}

TEST_F(PerformUndoTest, TheStatusOfTheCommandIsNotItsEffect) {
  Undo undo{
      "x", {}, {{{"test", "-e", file("a")}, {"sh", "-c", "touch " + file("a") + "; exit 1"}}}};
  EXPECT_TRUE(perform_undo(undo));
}

TEST_F(PerformUndoTest, StepsAfterOneThatFailsAreTriedAllTheSame) {
  Undo undo{"x"};
  undo.steps = {in_vain(),
                {{"false"}, {"no-such-program-of-faultline"}},
                {{"no-such-question-of-faultline"}, {"true"}},
                making("a")};
  undo.kubernetes = {{KubernetesUndo::Action::uncordon, file("no-kubeconfig"), "", "w", "r1"}};
  EXPECT_THAT(problem_of(undo),
              AllOf(HasSubstr("no way"), HasSubstr("no-such-program-of-faultline"),
                    HasSubstr("no-such-question-of-faultline"), HasSubstr("no-kubeconfig")));
  EXPECT_TRUE(there("a"));
}

class PerformKubernetesUndoTest : public PerformUndoTest {
 protected:
  PerformKubernetesUndoTest() : server_(std::ref(objects_)), api_(server_.access(), impatient()) {
    std::ofstream(file("config")) << fmt::format(
        "contexts: [{{name: here, context: {{cluster: c}}}}]\n"
        "clusters: [{{name: c, cluster: {{server: '{}'}}}}]\n",
        server_.access().server);
  }

  Undo undo(KubernetesUndo::Action action, const std::string& name) const {
    Undo undo{"x"};
    undo.kubernetes = {{action, file("config"), "here", name, "r1"}};
    return undo;
  }

  StubObjects objects_;
  StubServer server_;
  Kubernetes api_;
};

TEST_F(PerformKubernetesUndoTest, ANodeTakesPodsAgain) {
  const auto uncordoned = undo(KubernetesUndo::Action::uncordon, "w");
  EXPECT_FALSE(perform_undo(uncordoned));
  objects_.put("/api/v1/nodes/w", {{"spec", json::object()}});
  cordon(api_, "w", "r1");
  EXPECT_TRUE(perform_undo(uncordoned));
  EXPECT_FALSE(objects_.find("/api/v1/nodes/w").value()["spec"].contains("unschedulable"));
  EXPECT_FALSE(perform_undo(uncordoned));
}

TEST_F(PerformKubernetesUndoTest, ANodeOfAnotherRunStaysAsItIs) {
  objects_.put("/api/v1/nodes/w", {{"spec", json::object()}});
  cordon(api_, "w", "r2");
  EXPECT_FALSE(perform_undo(undo(KubernetesUndo::Action::uncordon, "w")));
  EXPECT_EQ(objects_.find("/api/v1/nodes/w").value()["spec"]["unschedulable"], true);
}

TEST_F(PerformKubernetesUndoTest, ARunIsRemoved) {
  const auto removed = undo(KubernetesUndo::Action::remove_run, "faultline-r1");
  json object;
  label_as_run(object, "r1");
  objects_.put("/api/v1/namespaces/faultline-r1", object);
  objects_.put("/api/v1/namespaces/faultline-r1/pods/p", object);
  EXPECT_TRUE(perform_undo(removed));
  EXPECT_FALSE(objects_.find("/api/v1/namespaces/faultline-r1"));
  EXPECT_FALSE(objects_.find("/api/v1/namespaces/faultline-r1/pods/p"));
  EXPECT_FALSE(perform_undo(removed));
}

TEST_F(PerformKubernetesUndoTest, ARefusalIsAProblemAndTheNextIsTried) {
  json object;
  label_as_run(object, "r2");
  objects_.put("/api/v1/namespaces/faultline-r1", object);
  objects_.put("/api/v1/nodes/w", {{"spec", json::object()}});
  cordon(api_, "w", "r1");
  auto both = undo(KubernetesUndo::Action::remove_run, "faultline-r1");
  both.kubernetes.push_back(undo(KubernetesUndo::Action::uncordon, "w").kubernetes[0]);
  EXPECT_THAT(problem_of(both), HasSubstr("is not of this run"));
  EXPECT_FALSE(objects_.find("/api/v1/nodes/w").value()["spec"].contains("unschedulable"));
}

}  // namespace
}  // namespace faultline
