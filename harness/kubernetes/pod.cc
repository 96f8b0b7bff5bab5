#include "harness/kubernetes/pod.h"

#include <fmt/format.h>

#include "harness/kubernetes/object.h"

namespace faultline {
namespace {

using nlohmann::json;

// The container's state in Kubernetes' words: a signal is 128 + its number.
std::string how_it_ended(const json& terminated) {
  const int code = terminated.value("exitCode", 0);
  const int signal = terminated.value("signal", code > 128 ? code - 128 : 0);
  const std::string reason = terminated.value("reason", "");
  const std::string how =
      signal != 0 ? fmt::format("signal {}", signal) : fmt::format("exit status {}", code);
  return reason == "OOMKilled" ? how + ", out of memory" : how;
}

std::string reason_and_message(const json& state) {
  const std::string message = state.value("message", "");
  return state.value("reason", "") + (message.empty() ? "" : ": " + message);
}

std::string unschedulable(const json& status) {
  for (const json& condition : status.value("conditions", json::array()))
    if (condition.value("type", "") == "PodScheduled" && condition.value("status", "") == "False")
      return reason_and_message(condition);
  return "";
}

bool is_ready(const json& status) {
  for (const json& condition : status.value("conditions", json::array()))
    if (condition.value("type", "") == "Ready") return condition.value("status", "") == "True";
  return false;
}

}  // namespace

Pod read_pod(const json& object) {
  Pod pod;
  pod.name = text_at(object, "/metadata/name");
  pod.uid = text_at(object, "/metadata/uid");
  pod.node = text_at(object, "/spec/nodeName");
  pod.phase = text_at(object, "/status/phase");
  pod.deleting = !text_at(object, "/metadata/deletionTimestamp").empty();
  const json status = object.value("status", json::object());
  pod.ready = is_ready(status);
  pod.waiting = unschedulable(status);
  const json container = at(status, "/containerStatuses/0");
  if (!container.is_object()) return pod;
  pod.restarts = container.value("restartCount", 0);
  const std::string id = container.value("containerID", "");
  pod.container = id.substr(id.find("//") == id.npos ? 0 : id.find("//") + 2).substr(0, 12);
  pod.running = at(container, "/state/running").is_object();
  if (const json waiting = at(container, "/state/waiting"); waiting.is_object())
    pod.waiting = reason_and_message(waiting);
  for (const char* state : {"/state/terminated", "/lastState/terminated"})
    if (const json ended = at(container, state); ended.is_object() && pod.ended.empty())
      pod.ended = how_it_ended(ended);
  return pod;
}

std::string state_of(const Pod& pod) {
  if (!pod.waiting.empty()) return fmt::format("pod {} waits: {}", pod.name, pod.waiting);
  return fmt::format("pod {} is {}{}{}", pod.name, pod.phase, pod.node.empty() ? "" : " on ",
                     pod.node);
}

std::string process_of(const Pod& pod) {
  return pod.container.empty() ? "pod " + pod.uid.substr(0, 8) : "container " + pod.container;
}

}  // namespace faultline
