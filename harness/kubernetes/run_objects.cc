#include "harness/kubernetes/run_objects.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <thread>

#include "harness/kubernetes/object.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* managed_by = "app.kubernetes.io/managed-by";
constexpr const char* run_label = "faultline.dev/run";

// A NodePort is free again as soon as its service is gone; the namespace itself
// takes longer.
void remove_all(Kubernetes& api, const std::string& path, const Query& query,
                const DeleteOptions& options) {
  for (const auto& object : api.list(path, query))
    api.remove(path + "/" + name_of(object), options);
}

// Those that are left. More than once: a controller that has not heard yet makes another.
std::vector<std::string> remove_pods(Kubernetes& api, const std::string& path,
                                     std::chrono::seconds limit) {
  for (const auto deadline = Clock::now() + limit;; std::this_thread::sleep_for(300ms)) {
    std::vector<std::string> left;
    for (const auto& pod : api.list(path)) left.push_back(name_of(pod));
    if (left.empty() || Clock::now() >= deadline) return left;
    for (const auto& name : left) api.remove(fmt::format("{}/{}", path, name), {.grace = 0});
  }
}

}  // namespace

void label_as_run(json& object, const std::string& run_id) {
  object["metadata"]["labels"][managed_by] = "faultline";
  object["metadata"]["labels"][run_label] = run_id;
}

Query of_all_runs() { return {{"labelSelector", fmt::format("{}=faultline", managed_by)}}; }

std::string run_of(const json& object) {
  const auto labels = labels_of(object);
  const auto found = labels.find(run_label);
  return found == labels.end() ? "" : found->second;
}

std::string namespace_of(const std::string& run_id) { return "faultline-" + run_id; }

void remove_run(Kubernetes& api, const std::string& namespace_name, const std::string& run_id,
                std::chrono::seconds limit) {
  const Query own{{"labelSelector", fmt::format("{}={}", run_label, run_id)}};
  const auto path = resource_path("v1", "", "namespaces", namespace_name);
  std::vector<std::string> left;
  if (const auto found = api.find(path)) {
    const auto labels = (*found)["metadata"].value("labels", json::object());
    if (labels.value(run_label, "") != run_id)
      throw KubernetesError(409, "NotOurs",
                            fmt::format("the namespace {} is not of this run", namespace_name));
    remove_all(api, resource_path("v1", namespace_name, "services"), {}, {});
    remove_all(api, resource_path("apps/v1", namespace_name, "statefulsets"), {}, {});
    api.remove(path);
    left = remove_pods(api, resource_path("v1", namespace_name, "pods"), limit);
  }
  remove_all(api, resource_path("v1", "", "persistentvolumes"), own, {});
  if (!left.empty())
    throw KubernetesError(0, "Timeout",
                          fmt::format("after {} s there are still pods in the namespace {}: {}",
                                      limit.count(), namespace_name, fmt::join(left, ", ")));
}

}  // namespace faultline
