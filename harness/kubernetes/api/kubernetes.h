// A client of the Kubernetes API, straight over HTTPS
// (kubernetes.io/docs/reference/using-api/api-concepts). Objects are JSON.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/kubernetes/api/kubeconfig.h"

namespace faultline {

// The API server refused or could not be asked. what() is one line such as
// "PATCH /api/v1/nodes/w1: 403 Forbidden: nodes is forbidden: ...", without
// secrets. Status 0: no answer.
struct KubernetesError : std::runtime_error {
  KubernetesError(int a_status, std::string a_reason, const std::string& what)
      : std::runtime_error(what), status(a_status), reason(std::move(a_reason)) {}
  int status;
  std::string reason;  // of the Status object: "NotFound", "TooManyRequests"
};

// Called with what is about to change something, before it is sent; what it
// throws comes out, and nothing is sent. `path` is as it will be sent.
using BeforeChange = std::function<void(const std::string& method, const std::string& path,
                                        const nlohmann::json& body)>;

struct KubernetesOptions {
  std::chrono::milliseconds connect_limit{5'000};
  std::chrono::milliseconds request_limit{30'000};
  std::chrono::milliseconds first_pause{200};          // before the first retry; doubles
  int attempts = 5;                                    // of what may be asked again; 1: never
  std::size_t most_bytes = 64 << 20;                   // of one answer
  std::function<bool()> cancelled = {};                // about once a second; ends any request
  std::chrono::milliseconds plugin_limit{60'000};      // of a credential plugin
  std::chrono::milliseconds longest_pause{10'000};     // between two attempts
  std::chrono::milliseconds most_retry_after{60'000};  // a server that says more is not believed
  std::chrono::seconds watch_length{50};  // asked of the server; then the watch is made anew
  std::chrono::milliseconds watch_silence{60'000};  // without a byte: the line is dead
  BeforeChange before_change = {};
};

using Query = std::map<std::string, std::string>;

enum class Patch { merge, strategic, json };

struct DeleteOptions {
  std::optional<int> grace = {};  // seconds
  std::string uid = {};           // only this very object
  bool background = true;         // else the object's dependents go first
};

// Of one watch: what a handler is told, and whether it wants more.
struct WatchEvent {
  enum class Kind { added, modified, deleted } kind;
  nlohmann::json object;
};
using WatchHandler = std::function<bool(const WatchEvent&)>;

// Throws KubernetesError, and KubeconfigError where credentials cannot be had. What
// heals, or holds a lock, needs a client that Ctrl-C does not cancel.
// May be used from several threads. Answers with 429 or 5xx, and requests that
// found nobody, are asked again with growing pauses where that is harmless: GET
// and DELETE of a named uid; never POST, PATCH or PUT.
class Kubernetes {
 public:
  explicit Kubernetes(ClusterAccess, KubernetesOptions = {});
  ~Kubernetes();

  const ClusterAccess& access() const;

  // Paths as in the API reference: /api/v1/namespaces/x/pods/y
  std::optional<nlohmann::json> find(const std::string& path);  // empty: there is none
  nlohmann::json get(const std::string& path, const Query& = {});
  std::vector<nlohmann::json> list(const std::string& path, const Query& = {});  // all pages
  nlohmann::json create(const std::string& path, const nlohmann::json& object);
  nlohmann::json replace(const std::string& path, const nlohmann::json& object);
  nlohmann::json patch(const std::string& path, const nlohmann::json& change, Patch = Patch::merge);
  bool remove(const std::string& path, const DeleteOptions& = {});  // false: there was none
  std::string text(const std::string& path, const Query& = {});     // a log, a proxied page

  // Creates what a manifest says, wherever its kind belongs; replaces nothing.
  // An object that exists already is left and returned as it is.
  nlohmann::json create_from_manifest(const nlohmann::json& object);

  // Tells every object there is, then every change, until the handler returns
  // false or the limit is over (false). Goes on after a lost connection from the
  // last version seen, bookmarks included; after 410 Gone lists again, and tells
  // the differences, an object of the same name but another uid as deleted
  // and added. Once it has listed, an API server that is away is waited for. What
  // the handler throws comes out.
  bool watch(const std::string& path, const Query&, std::chrono::milliseconds limit,
             const WatchHandler&);

  bool serves(const std::string& group_version, const std::string& resource);

  // "policy/v1", or "policy/v1beta1" before Kubernetes 1.21 and 1.22.
  std::string budget_version();
  std::string eviction_version();

  // SelfSubjectAccessReview. `resource` may name a subresource: "pods/eviction".
  // An empty namespace is all of them, an empty name is any.
  bool allowed(const std::string& verb, const std::string& group, const std::string& resource,
               const std::string& namespace_name, const std::string& name = "");

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// "/api/v1/namespaces/x/pods"; an empty namespace for what has none.
std::string resource_path(const std::string& group_version, const std::string& namespace_name,
                          const std::string& resource, const std::string& name = "");

}  // namespace faultline
