#include "harness/kubernetes/existing_worker.h"

#include <gtest/gtest.h>

#include <future>

#include "harness/cluster/cluster.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

TEST(ExistingWorker, ActsUntilTheGateIsClosed) {
  AgentGate gate;
  ExistingWorker worker(
      {"w0", {}}, {"10.0.0.1"}, 60s, [](const Undo&) {}, gate);
  EXPECT_EQ(worker.act({"echo", "done"}), "done\n");
  try {
    worker.act({"sh", "-c", "echo because >&2; exit 3"});
    ADD_FAILURE() << "it did not end well";
  } catch (const ClusterError& error) {
    EXPECT_STREQ(error.what(), "in the node w0: because");
  }
  gate.close();
  EXPECT_THROW(worker.act({"true"}), ClusterError);
}

TEST(ExistingWorker, WhoHealsWaitsForThoseThatAct) {
  AgentGate gate;
  std::promise<void> begun, may_end;
  std::atomic<bool> ended = false;
  auto acting = std::async(std::launch::async, [&] {
    return gate.act([&] {
      begun.set_value();
      may_end.get_future().wait();
      ended = true;
      return std::string();
    });
  });
  begun.get_future().wait();
  gate.close();
  auto waiting = std::async(std::launch::async, [&] { return gate.wait(), ended.load(); });
  EXPECT_EQ(waiting.wait_for(50ms), std::future_status::timeout);
  may_end.set_value();
  EXPECT_TRUE(waiting.get());
  acting.get();
}

}  // namespace
}  // namespace faultline
