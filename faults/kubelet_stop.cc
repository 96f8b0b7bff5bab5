#include "faults/kubelet_stop.h"

#include <fmt/format.h>

#include "harness/cluster/worker.h"

namespace faultline {
namespace {

std::vector<std::string> kubelet(const Place& place, const char* verb) {
  return place.command({"systemctl", verb, "kubelet"});
}

}  // namespace

void KubeletStop::strike(const std::string& server) {
  auto& machine = worker(server);
  machine.undo_first(
      {.what = "the kubelet of " + machine.name() + " runs",
       .steps = {{kubelet(machine.inside(), "is-active"), kubelet(machine.inside(), "start")}}});
  cluster().expect_exit(server);
  output_of(kubelet(machine.inside(), "stop"));
}

Evidence KubeletStop::look(const std::string& server) {
  auto& machine = worker(server);
  auto state = run_program(kubelet(machine.inside(), "is-active")).output;
  while (state.ends_with('\n')) state.pop_back();
  return {state == "inactive" || state == "failed",
          fmt::format("the kubelet of {} is {}", machine.name(), state)};
}

void KubeletStop::undo(const std::string& server) {
  output_of(kubelet(worker(server).inside(), "start"));
}

}  // namespace faultline
