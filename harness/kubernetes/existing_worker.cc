#include "harness/kubernetes/existing_worker.h"

#include <fmt/format.h>

#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/packet_rules.h"

namespace faultline {

std::string AgentGate::act(const std::function<std::string()>& action) {
  const std::shared_lock lock(mutex_);
  if (closed_) throw ClusterError("not struck any more: the run was ended");
  return action();
}

void AgentGate::wait() { const std::unique_lock lock(mutex_); }

ExistingWorker::ExistingWorker(Place inside, std::vector<std::string> addresses,
                               std::chrono::seconds longest_hold, UndoFirst undo_first,
                               AgentGate& gate)
    : inside_(std::move(inside)),
      addresses_(std::move(addresses)),
      longest_hold_(longest_hold),
      undo_first_(std::move(undo_first)),
      gate_(gate) {}

void ExistingWorker::stop() {
  throw ClusterError("the node " + name() + " is not stopped: nobody could start it again");
}

void ExistingWorker::pause() {
  throw ClusterError("the node " + name() + " is not paused: nobody could resume it");
}

std::string ExistingWorker::act(const std::vector<std::string>& command) {
  return gate_.act([&] {
    const auto end = run_program(inside_.command(command));
    if (end.status == 0) return end.output;
    const auto said = telling_line(end.errors);
    throw ClusterError(
        fmt::format("in the node {}: {}", name(),
                    said.empty() ? fmt::format("exit status {}", end.status) : said));
  });
}

void ExistingWorker::undo_first(const Undo& undo) {
  if (!undo.kubernetes.empty() || undo.steps != std::vector{undo_drop(inside_)})
    throw ClusterError("not done, since not every machine could undo it: " + undo.what);
  undo_first();
}

// It is the same whatever is done, so it is kept once.
void ExistingWorker::undo_first() {
  const std::lock_guard lock(mutex_);
  if (kept_) return;
  undo_first_({.what = fmt::format("node {} drops no packets, no agent is left in it", name()),
               .steps = {undo_drop(inside_)},
               .agent_node = name()});
  kept_ = true;
}

}  // namespace faultline
