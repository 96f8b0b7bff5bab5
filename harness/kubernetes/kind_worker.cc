#include "harness/kubernetes/kind_worker.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

// {{.State.X}} of a container is true (or false).
std::vector<std::string> state_is(const std::string& container, const char* member, bool value) {
  return {"sh", "-c",
          fmt::format("test \"$(docker inspect --format '{{{{.State.{}}}}}' {})\" = {}", member,
                      container, value)};
}

}  // namespace

void pause_container(const std::string& container) {
  const std::vector<std::string> command{"docker", "pause", container};
  for (int attempt = 1; attempt < 20; ++attempt) {
    const auto end = run_program(command);
    if (end.status == 0) return;
    if (end.errors.find("unable to freeze") == std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  output_of(command);
}

Place place_in(const std::string& container) { return {container, {"docker", "exec", container}}; }

KindWorker::KindWorker(std::string container, std::vector<std::string> addresses, Volume volume,
                       UndoFirst undo_first)
    : inside_(place_in(container)),
      addresses_(std::move(addresses)),
      volume_(std::move(volume)),
      undo_first_(std::move(undo_first)) {}

// With all that are down, in the order in which they were made: Docker gives addresses
// in order of start, and a worker keeps its own only so.
UndoStep KindWorker::undo_stop() const {
  constexpr const char* start_all = R"sh(
cluster=$(docker inspect --format '{{index .Config.Labels "io.x-k8s.kind.cluster"}}' "$1") &&
docker start $(docker ps --all --filter "label=io.x-k8s.kind.cluster=$cluster" \
  --filter status=exited --format '{{.Names}}' | sort)
)sh";
  return {state_is(name(), "Running", true), {"sh", "-c", start_all, "sh", name()}};
}

UndoStep KindWorker::undo_pause() const {
  return {state_is(name(), "Paused", false), {"docker", "unpause", name()}};
}

void KindWorker::stop() {
  undo_first_({fmt::format("worker {} runs", name()), {}, {undo_stop()}});
  output_of({"docker", "kill", name()});
}

void KindWorker::start() {
  if (state() != "running") output_of({"docker", "start", name()});
  volume_.attach();
}

void KindWorker::pause() {
  undo_first_({fmt::format("worker {} is not paused", name()), {}, {undo_pause()}});
  pause_container(name());
}

void KindWorker::resume() {
  if (state() == "paused") output_of(undo_pause().command);
}

std::string KindWorker::state() {
  const auto end = run_program(
      {"docker", "inspect", "--format",
       "{{.State.Status}}{{if not .State.Running}} ({{.State.ExitCode}}){{end}}", name()});
  if (end.errors.find("No such object") != std::string::npos)
    throw ClusterError(
        fmt::format("the worker {} is not there any more: somebody removed its container", name()));
  if (end.status != 0) throw ClusterError("docker inspect " + name() + ": " + end.errors);
  auto text = end.output;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace faultline
