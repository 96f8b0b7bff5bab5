#include "faults/worker_stop.h"

#include <fmt/format.h>

#include <future>

#include "faults/reachability.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

Worker& worker_of(Cluster& cluster, const std::string& server) {
  if (Worker* worker = cluster.worker_of(server)) return *worker;
  throw ClusterError("there is no way to stop the worker of " + server);
}

}  // namespace

void WorkerStop::inject(std::span<const std::string> servers) {
  servers_.assign(servers.begin(), servers.end());
  context_.journal.fault_striking("worker-stop", servers_);
  std::vector<std::future<void>> under_way;
  for (const auto& server : servers_)
    under_way.push_back(std::async(std::launch::async,
                                   [this, server] { worker_of(context_.cluster, server).stop(); }));
  for (auto& one : under_way) one.wait();
  for (auto& one : under_way) one.get();
}

Evidence WorkerStop::verify() {
  if (servers_.empty()) return {false, "nothing was struck"};
  Evidence all{true, ""};
  for (const auto& server : servers_) {
    auto& worker = worker_of(context_.cluster, server);
    const auto state = worker.state();
    const auto silent = silence_of(context_.cluster, server);
    all.holds = all.holds && state.starts_with("exited") && silent.holds;
    all.text += fmt::format("{}{}: worker {} {}, {}", all.text.empty() ? "" : "; ", server,
                            worker.name(), state, silent.text);
  }
  return all;
}

Evidence WorkerStop::heal(const std::string& server) try {
  worker_of(context_.cluster, server).start();
  return wait_until_it_answers(context_, server);
} catch (const ClusterError& error) {
  return {false, error.what()};
}

}  // namespace faultline
