#include "harness/kubernetes/object.h"

#include <algorithm>

namespace faultline {

using nlohmann::json;

json at(const json& object, const char* pointer) {
  return object.is_object() ? object.value(json::json_pointer(pointer), json()) : json();
}

std::vector<json> list_at(const json& object, const char* pointer) {
  const json found = at(object, pointer);
  return found.is_array() ? found.get<std::vector<json>>() : std::vector<json>{};
}

std::string text_at(const json& object, const char* pointer) {
  const json found = at(object, pointer);
  return found.is_string() ? found.get<std::string>() : "";
}

std::string name_of(const json& object) { return text_at(object, "/metadata/name"); }

Labels labels_of(const json& object) {
  Labels labels;
  const json found = at(object, "/metadata/labels");
  if (found.is_object())
    for (const auto& [name, value] : found.items())
      if (value.is_string()) labels[name] = value.get<std::string>();
  return labels;
}

bool node_is_ready(const json& node) {
  return std::ranges::any_of(list_at(node, "/status/conditions"), [](const json& one) {
    return text_at(one, "/type") == "Ready" && text_at(one, "/status") == "True";
  });
}

std::string controller_of(const json& pod) {
  for (const json& owner : list_at(pod, "/metadata/ownerReferences"))
    if (at(owner, "/controller") == true) return text_at(owner, "/kind");
  return "";
}

bool keeps_data_on_the_node(const json& pod) {
  return std::ranges::any_of(list_at(pod, "/spec/volumes"),
                             [](const json& one) { return one.contains("emptyDir"); });
}

bool stays_in_a_drain(const json& pod) {
  const auto phase = text_at(pod, "/status/phase");
  return phase == "Succeeded" || phase == "Failed" || controller_of(pod) == "DaemonSet" ||
         at(pod, "/metadata/annotations").contains("kubernetes.io/config.mirror");
}

}  // namespace faultline
