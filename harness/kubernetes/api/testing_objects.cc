#include "harness/kubernetes/api/testing_objects.h"

#include <algorithm>

namespace faultline::testing {
namespace {

using nlohmann::json;

// /api/v1/nodes is one, /api/v1/nodes/x and /api/v1/namespaces/x are none.
bool is_collection(const std::string& path) {
  const auto slashes = std::ranges::count(path, '/');
  return (slashes - (path.starts_with("/api/") ? 2 : 3)) % 2 == 1;
}

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string text_at(const json& object, const char* pointer) {
  return object.value(json::json_pointer(pointer), "");
}

// Of "key=value", as it stands in a URL.
bool selected(const json& object, const std::string& selector) {
  const auto equals = selector.find("%3D");
  if (equals == std::string::npos) return true;
  auto key = selector.substr(0, equals);
  if (const auto slash = key.find("%2F"); slash != std::string::npos) key.replace(slash, 3, "/");
  const json labels = object["metadata"].value("labels", json::object());
  return labels.value(key, "") == selector.substr(equals + 3);
}

StubReply not_found(const std::string& path) {
  return status_reply(404, "NotFound", path + " not found");
}

StubReply conflict(const std::string& path) {
  return status_reply(409, "Conflict", "the object " + path + " has been modified");
}

}  // namespace

StubReply StubObjects::operator()(const StubRequest& request) {
  if (hook_)
    if (auto reply = hook_(request)) return *reply;
  const std::lock_guard lock(mutex_);
  const auto path = request.path();
  if (is_collection(path)) return request.method == "POST" ? create(request) : list(request);
  const auto found = objects_.find(path);
  if (found == objects_.end()) return not_found(path);
  if (request.method == "DELETE") return remove(request);
  if (request.method == "PUT" || request.method == "PATCH") return change(request);
  return {200, found->second.dump()};
}

void StubObjects::put(const std::string& path, json object) {
  const std::lock_guard lock(mutex_);
  keep(path, std::move(object));
}

void StubObjects::erase(const std::string& path) {
  const std::lock_guard lock(mutex_);
  objects_.erase(path);
}

std::optional<json> StubObjects::find(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(path);
  if (found == objects_.end()) return {};
  return found->second;
}

void StubObjects::pin(const std::string& path) {
  const std::lock_guard lock(mutex_);
  pinned_.insert(path);
}

StubReply StubObjects::list(const StubRequest& request) const {
  json items = json::array();
  for (const auto& [path, object] : objects_)
    if (parent(path) == request.path() && selected(object, request.parameter("labelSelector")))
      items.push_back(object);
  const json all{{"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", items}};
  return {200, all.dump()};
}

StubReply StubObjects::create(const StubRequest& request) {
  auto object = json::parse(request.body);
  const auto path = request.path() + "/" + text_at(object, "/metadata/name");
  if (objects_.contains(path)) return status_reply(409, "AlreadyExists", path + " already exists");
  return {201, keep(path, std::move(object)).dump()};
}

StubReply StubObjects::change(const StubRequest& request) {
  const auto path = request.path();
  auto wanted = json::parse(request.body);
  const auto version = text_at(wanted, "/metadata/resourceVersion");
  json object = objects_[path];
  if (!version.empty() && version != text_at(object, "/metadata/resourceVersion"))
    return conflict(path);
  if (request.method == "PUT")
    object = std::move(wanted);
  else
    object.merge_patch(wanted);
  return {200, keep(path, std::move(object)).dump()};
}

StubReply StubObjects::remove(const StubRequest& request) {
  const auto path = request.path();
  json& object = objects_[path];
  const auto options = request.body.empty() ? json::object() : json::parse(request.body);
  const auto uid = text_at(options, "/preconditions/uid");
  if (!uid.empty() && uid != text_at(object, "/metadata/uid")) return conflict(path);
  if (pinned_.contains(path)) {
    object["metadata"]["deletionTimestamp"] = "2026-11-23T09:00:00Z";
    return {200, object.dump()};
  }
  objects_.erase(path);
  return {200, R"({"kind":"Status","apiVersion":"v1","status":"Success"})"};
}

// As the server stores it: with a version, and a uid of its own.
json& StubObjects::keep(const std::string& path, json object) {
  const auto version = std::to_string(++version_);
  object["metadata"]["name"] = path.substr(path.rfind('/') + 1);
  object["metadata"]["resourceVersion"] = version;
  if (!object["metadata"].contains("uid")) object["metadata"]["uid"] = "uid-" + version;
  return objects_[path] = std::move(object);
}

}  // namespace faultline::testing
