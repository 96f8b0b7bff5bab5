#include "harness/kubernetes/cordon.h"

namespace faultline {
namespace {

using nlohmann::json;

constexpr const char* annotation = "faultline.dev/cordoned-by";

std::string path_of(const std::string& node) { return resource_path("v1", "", "nodes", node); }

std::string owner(const json& node) {
  return node.value(json::json_pointer("/metadata/annotations/faultline.dev~1cordoned-by"), "");
}

// The version makes it a compare-and-swap: what somebody else changed meanwhile
// is looked at again.
json change(const json& node, const json& unschedulable, const json& run) {
  return {{"metadata",
           {{"resourceVersion", node["metadata"]["resourceVersion"]},
            {"annotations", {{annotation, run}}}}},
          {"spec", {{"unschedulable", unschedulable}}}};
}

// The kubelet updates its node all the time, which is no conflict of ours.
template <class Change>
bool until_no_conflict(Kubernetes& api, const std::string& node, const Change& changed) {
  for (int attempt = 1;; ++attempt) try {
      const auto found = api.find(path_of(node));
      if (!found) return false;
      const auto wanted = changed(*found);
      if (wanted.is_null()) return false;
      api.patch(path_of(node), wanted);
      return true;
    } catch (const KubernetesError& error) {
      if (error.status != 409 || attempt == 10) throw;
    }
}

}  // namespace

bool cordon(Kubernetes& api, const std::string& node, const std::string& run) {
  return until_no_conflict(api, node, [&](const json& found) -> json {
    if (found["spec"].value("unschedulable", false)) return nullptr;
    return change(found, true, run);
  });
}

bool uncordon(Kubernetes& api, const std::string& node, const std::string& run) {
  return until_no_conflict(api, node, [&](const json& found) -> json {
    if (owner(found) != run) return nullptr;
    return change(found, nullptr, nullptr);
  });
}

void make_schedulable(Kubernetes& api, const std::string& node) {
  until_no_conflict(api, node, [&](const json& found) { return change(found, nullptr, nullptr); });
}

}  // namespace faultline
