#include "faults/kubelet_stop.h"

#include <fmt/format.h>

#include "harness/cluster/worker.h"

namespace faultline {
namespace {

std::vector<std::string> kubelet(const Place& place, const char* verb) {
  return place.command({"systemctl", verb, "kubelet"});
}

std::string state_in(const Place& place) {
  auto state = run_program(kubelet(place, "is-active")).output;
  while (state.ends_with('\n')) state.pop_back();
  return state;
}

UndoStep running(Worker& machine) {
  return {kubelet(machine.inside(), "is-active"), kubelet(machine.inside(), "start")};
}

bool stopped(const std::string& state) { return state == "inactive" || state == "failed"; }

}  // namespace

std::string KubeletStop::already(const std::string& server) {
  return stopped(state_in(worker(server).inside())) ? "without its kubelet" : "";
}

void KubeletStop::strike(const std::string& server) {
  auto& machine = worker(server);
  machine.undo_first(
      {.what = "the kubelet of " + machine.name() + " runs", .steps = {running(machine)}});
  cluster().expect_exit(server);
  output_of(kubelet(machine.inside(), "stop"));
}

Evidence KubeletStop::look(const std::string& server) {
  auto& machine = worker(server);
  const auto state = state_in(machine.inside());
  return {stopped(state), fmt::format("the kubelet of {} is {}", machine.name(), state)};
}

void KubeletStop::undo(const std::string& server) {
  run_undo(running(worker(server)));
}

}  // namespace faultline
