#include "faults/worker_pause.h"

#include <fmt/format.h>

#include "faults/reachability.h"
#include "harness/cluster/worker.h"

namespace faultline {

std::string WorkerPause::already(const std::string& server) {
  return worker(server).state() == "paused" ? "paused" : "";
}

void WorkerPause::strike(const std::string& server) { worker(server).pause(); }

Evidence WorkerPause::look(const std::string& server) {
  auto& machine = worker(server);
  const auto state = machine.state();
  const auto silent = silence_of(cluster(), server);
  return {state == "paused" && silent.holds,
          fmt::format("worker {} {}, {}", machine.name(), state, silent.text)};
}

void WorkerPause::undo(const std::string& server) { worker(server).resume(); }

}  // namespace faultline
