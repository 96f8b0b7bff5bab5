// For tests only: the objects of an API server, which knows versions and uids.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "harness/kubernetes/api/testing.h"

namespace faultline::testing {

// Answers a StubServer's requests as Kubernetes does: a create of what exists is
// AlreadyExists, a change that names another version than the current one is a
// Conflict, a delete that names another uid too. Knows no kinds: any path is served.
class StubObjects {
 public:
  // Asked before each request; what it returns is the answer, and nothing is done.
  using Hook = std::function<std::optional<StubReply>(const StubRequest&)>;
  explicit StubObjects(Hook hook = {}) : hook_(std::move(hook)) {}

  StubReply operator()(const StubRequest&);

  // As another client would, whatever the version.
  void put(const std::string& path, nlohmann::json object);
  void erase(const std::string& path);
  std::optional<nlohmann::json> find(const std::string& path) const;

  // Deleted, it stays, with a deletionTimestamp, as what has a finalizer does.
  void pin(const std::string& path);

 private:
  StubReply list(const StubRequest&) const;
  StubReply create(const StubRequest&);
  StubReply change(const StubRequest&);
  StubReply remove(const StubRequest&);
  nlohmann::json& keep(const std::string& path, nlohmann::json object);

  const Hook hook_;
  mutable std::mutex mutex_;
  std::map<std::string, nlohmann::json> objects_;  // by path
  std::set<std::string> pinned_;
  int version_ = 100;
};

}  // namespace faultline::testing
