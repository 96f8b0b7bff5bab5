#include "faults/worker_stop.h"

#include <fmt/format.h>

#include "faults/reachability.h"
#include "harness/cluster/worker.h"

namespace faultline {

std::string WorkerStop::already(const std::string& server) {
  const auto state = worker(server).state();
  return state.starts_with("exited") ? state : "";
}

void WorkerStop::strike(const std::string& server) {
  cluster().expect_exit(server);
  worker(server).stop();
}

Evidence WorkerStop::look(const std::string& server) {
  auto& machine = worker(server);
  const auto state = machine.state();
  const auto silent = silence_of(cluster(), server);
  return {state.starts_with("exited") && silent.holds,
          fmt::format("worker {} {}, {}", machine.name(), state, silent.text)};
}

void WorkerStop::undo(const std::string& server) { worker(server).start(); }

}  // namespace faultline
