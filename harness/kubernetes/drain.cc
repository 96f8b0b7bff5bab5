#include "harness/kubernetes/drain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/object.h"

namespace faultline {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

struct Leaving {
  std::string namespace_name, name, uid;
  bool asked = false;     // its eviction was granted
  bool held_off = false;  // and refused by a budget, at the last attempt
  bool gone = false;

  std::string text() const { return namespace_name + "/" + name; }
  std::string path() const { return resource_path("v1", namespace_name, "pods", name); }
};

// Why the pod may not be evicted; empty if it may.
std::string objection(const json& pod, const DrainOptions& options) {
  if (!options.unmanaged && controller_of(pod).empty()) return "no controller makes it again";
  if (!options.empty_dir && keeps_data_on_the_node(pod)) return "its emptyDir data would be lost";
  return "";
}

std::vector<Leaving> pods_to_evict(Kubernetes& api, const std::string& node,
                                   const DrainOptions& options) {
  std::vector<Leaving> leaving;
  std::vector<std::string> objections;
  for (const json& pod : api.list("/api/v1/pods", {{"fieldSelector", "spec.nodeName=" + node}})) {
    if (stays_in_a_drain(pod)) continue;
    Leaving one{text_at(pod, "/metadata/namespace"), name_of(pod), text_at(pod, "/metadata/uid")};
    if (const auto why = objection(pod, options); !why.empty())
      objections.push_back(fmt::format("{} ({})", one.text(), why));
    leaving.push_back(std::move(one));
  }
  if (!objections.empty())
    throw ClusterError(
        fmt::format("the node {} is not drained: {}", node, fmt::join(objections, ", ")));
  return leaving;
}

bool is_terminating_namespace(const KubernetesError& error) {
  return error.status == 403 &&
         std::string_view(error.what()).find("being terminated") != std::string_view::npos;
}

// Asks for the eviction once.
void evict(Kubernetes& api, Leaving& pod, std::string& refusal) try {
  api.create(pod.path() + "/eviction",
             {{"apiVersion", api.eviction_version()},
              {"kind", "Eviction"},
              {"metadata", {{"name", pod.name}, {"namespace", pod.namespace_name}}},
              {"deleteOptions", {{"preconditions", {{"uid", pod.uid}}}}}});
  pod.asked = true;
  pod.held_off = false;
} catch (const KubernetesError& error) {
  pod.held_off = error.status == 429;
  if (pod.held_off) {
    refusal = error.what();
  } else if (error.status == 404 || error.status == 409) {
    pod.gone = true;  // or another one has its name
  } else if (!is_terminating_namespace(error)) {
    throw;
  }
}

void look(Kubernetes& api, Leaving& pod) {
  const auto found = api.find(pod.path());
  pod.gone = !found || text_at(*found, "/metadata/uid") != pod.uid;
}

}  // namespace

DrainOutcome drain_node(Kubernetes& api, const std::string& node, const DrainOptions& options) {
  auto leaving = pods_to_evict(api, node, options);
  DrainOutcome result;
  for (const auto deadline = Clock::now() + options.limit;;
       std::this_thread::sleep_for(options.pause)) {
    for (auto& pod : leaving)
      if (!pod.asked && !pod.gone) evict(api, pod, result.refusal);
    for (auto& pod : leaving)
      if (pod.asked && !pod.gone) look(api, pod);
    const bool all_gone = std::ranges::all_of(leaving, &Leaving::gone);
    if (all_gone || Clock::now() >= deadline) break;
    if (options.cancelled && options.cancelled()) throw ClusterError("interrupted");
  }
  for (const auto& pod : leaving) {
    (pod.gone ? result.gone : result.left).push_back(pod.text());
    if (!pod.gone && pod.held_off) result.held_off.push_back(pod.text());
  }
  return result;
}

std::string describe(const DrainOutcome& drained, const std::string& node,
                     std::chrono::milliseconds limit) {
  std::string text = fmt::format("node {} cordoned", node);
  if (!drained.gone.empty()) text += fmt::format(", evicted: {}", fmt::join(drained.gone, ", "));
  if (!drained.left.empty())
    text += fmt::format(", not gone after {} s: {}", limit / std::chrono::seconds(1),
                        fmt::join(drained.left, ", "));
  if (!drained.held_off.empty()) text += ", held off: " + drained.refusal;
  return text;
}

}  // namespace faultline
