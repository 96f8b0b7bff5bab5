// What one reads of Kubernetes objects as the API server shows them. What is not
// there, or of another type, reads as nothing.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace faultline {

using Labels = std::map<std::string, std::string>;

nlohmann::json at(const nlohmann::json& object, const char* pointer);  // "/spec/nodeName"
std::vector<nlohmann::json> list_at(const nlohmann::json& object, const char* pointer);
std::string text_at(const nlohmann::json& object, const char* pointer);

std::string name_of(const nlohmann::json& object);
Labels labels_of(const nlohmann::json& object);

bool node_is_ready(const nlohmann::json& node);

// The kind of whoever makes the pod anew; empty: nobody, it would be gone for good.
std::string controller_of(const nlohmann::json& pod);
bool keeps_data_on_the_node(const nlohmann::json& pod);  // an emptyDir, gone with the pod

// Not asked to leave: mirror pods, those of a DaemonSet, those that have ended
// (kubectl/pkg/drain/filters.go).
bool stays_in_a_drain(const nlohmann::json& pod);

}  // namespace faultline
