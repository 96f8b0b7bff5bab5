#include "harness/kubernetes/api/kubernetes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "harness/kubernetes/api/credentials.h"
#include "harness/kubernetes/api/transport.h"
#include "harness/kubernetes/api/watch_lines.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using json_pointer = json::json_pointer;

constexpr int page_size = 500;

std::string escaped(const std::string& text) {
  std::string result;
  for (const unsigned char c : text)
    result += std::isalnum(c) ||
                      std::string_view("-_.~").find(static_cast<char>(c)) != std::string_view::npos
                  ? std::string(1, static_cast<char>(c))
                  : fmt::format("%{:02X}", c);
  return result;
}

std::string with_query(const std::string& path, const Query& query) {
  std::string whole = path;
  char separator = path.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : query) {
    whole += separator + escaped(name) + "=" + escaped(value);
    separator = '&';
  }
  return whole;
}

std::string_view status_text(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

std::string path_of(const ApiRequest& request) {
  return request.path_and_query.substr(0, request.path_and_query.find('?'));
}

bool good(const ApiReply& reply) { return reply.status >= 200 && reply.status < 300; }

bool worth_another_try(const ApiReply& reply) {
  return !reply.hopeless && (reply.status == 0 || reply.status == 429 || reply.status >= 500);
}

// Empty where there is no text.
std::string text_at(const json& object, const char* pointer) {
  const json_pointer where(pointer);
  return object.is_object() && object.contains(where) && object[where].is_string()
             ? object[where].get<std::string>()
             : "";
}

std::vector<json> items_of(json& list) {
  const auto found = list.find("items");
  if (found == list.end() || !found->is_array()) return {};  // Go writes an empty list as null
  return std::move(found->get_ref<json::array_t&>());
}

// As discovery lists it; what it does not say, or says otherwise than Kubernetes, is empty.
struct Resource {
  std::string name, kind, group, version;
  bool namespaced = false;
};

Resource resource_of(const json& listed) {
  const json_pointer namespaced("/namespaced");
  return {text_at(listed, "/name"), text_at(listed, "/kind"), text_at(listed, "/group"),
          text_at(listed, "/version"),
          listed.is_object() && listed.contains(namespaced) && listed[namespaced] == true};
}

// For one line of a terminal.
std::string one_line(std::string text) {
  constexpr std::size_t most = 500;
  std::ranges::replace_if(
      text, [](unsigned char c) { return std::iscntrl(c); }, ' ');
  return text.size() <= most ? text : text.substr(0, most) + "...";
}

// A person's name and password may stand before the host.
std::string without_user(const std::string& url) {
  const auto begin = url.find("://"), at = url.rfind('@');
  return begin == std::string::npos || at == std::string::npos
             ? url
             : url.substr(0, begin + 3) + url.substr(at + 1);
}

// The Status object's own words. Of a Secret nothing is quoted.
KubernetesError error_of(const ApiRequest& request, const ApiReply& reply,
                         const std::string& server) {
  const auto what = request.method + " " + path_of(request);
  if (reply.status == 0)
    return {0, "Unreachable",
            reply.problem == "interrupted"
                ? reply.problem
                : fmt::format("{}: no answer from the API server {}: {}", what,
                              without_user(server), one_line(reply.problem))};
  const json status = json::parse(reply.body, nullptr, false);
  std::string reason, message;
  if (text_at(status, "/kind") == "Status") {
    reason = one_line(text_at(status, "/reason"));
    message = one_line(text_at(status, "/message"));
  }
  if (request.path_and_query.find("/secrets") != std::string::npos) message.clear();
  if (reply.status == 401)
    message = "the credentials are wrong or have expired: log in again, or choose another context";
  if (reply.status >= 300 && reply.status < 400) message = "a redirect, which is not followed";
  return {reply.status, reason,
          fmt::format("{}: {} {}{}{}", what, reply.status, status_text(reply.status),
                      message.empty() ? "" : ": ", message)};
}

std::string_view content_type(Patch kind) {
  switch (kind) {
    case Patch::strategic:
      return "application/strategic-merge-patch+json";
    case Patch::json:
      return "application/json-patch+json";
    case Patch::merge:
      break;
  }
  return "application/merge-patch+json";
}

}  // namespace

std::string resource_path(const std::string& group_version, const std::string& namespace_name,
                          const std::string& resource, const std::string& name) {
  std::string path =
      (group_version.find('/') == std::string::npos ? "/api/" : "/apis/") + group_version;
  if (!namespace_name.empty()) path += "/namespaces/" + namespace_name;
  path += "/" + resource;
  return name.empty() ? path : path + "/" + name;
}

struct Kubernetes::Implementation {
  Implementation(ClusterAccess an_access, KubernetesOptions some_options)
      : access(std::move(an_access)),
        options(std::move(some_options)),
        transport(access),
        credentials(access, options.plugin_limit) {}

  ApiRequest request(const std::string& method, const std::string& path, const Query& query) const {
    ApiRequest request;
    request.method = method;
    request.path_and_query = with_query(path, query);
    request.connect_limit = options.connect_limit;
    request.limit = options.request_limit;
    request.most_bytes = options.most_bytes;
    request.cancelled = options.cancelled;
    return request;
  }

  // Once, or twice where the first credentials had expired.
  ApiReply send(const ApiRequest& request) {
    const Credentials shown = credentials.get(options.cancelled);
    ApiReply reply = transport.send(request, shown);
    if (reply.status == 401 && credentials.refused(shown))
      reply = transport.send(request, credentials.get(options.cancelled));
    return reply;
  }

  // The reply to a request that failed for good is an error, but for 404.
  ApiReply perform(const ApiRequest& request, bool idempotent) {
    if (request.method != "GET" && options.before_change)
      options.before_change(request.method, request.path_and_query,
                            json::parse(request.body, nullptr, false));
    milliseconds pause = options.first_pause;
    for (int attempt = 1;; ++attempt) {
      ApiReply reply = send(request);
      if (good(reply) || reply.status == 404) return reply;
      if (!idempotent || attempt >= options.attempts || !worth_another_try(reply) || cancelled())
        throw error_of(request, reply, access.server);
      wait(pause_before_retry(pause, reply));
      pause = longer(pause);
    }
  }

  json object(const ApiRequest& request, const ApiReply& reply) const {
    if (!good(reply)) throw error_of(request, reply, access.server);
    json parsed = json::parse(reply.body, nullptr, false);
    if (!parsed.is_object())
      throw KubernetesError(reply.status, "NotJson",
                            request.method + " " + path_of(request) +
                                ": the answer is no JSON object; is this a Kubernetes API server?");
    return parsed;
  }

  json send_object(const std::string& method, const std::string& path, const json& body,
                   std::string_view type) {
    ApiRequest asked = request(method, path, {});
    asked.body = body.dump();
    asked.content_type = type;
    return object(asked, perform(asked, false));
  }

  bool cancelled() const { return options.cancelled && options.cancelled(); }

  milliseconds longer(milliseconds pause) const {
    return std::min<milliseconds>(2 * pause, options.longest_pause);
  }

  milliseconds pause_before_retry(milliseconds pause, const ApiReply& reply) {
    return std::max<milliseconds>(
        jittered(pause), std::min<milliseconds>(reply.retry_after, options.most_retry_after));
  }

  // Several clients must not come back at the same moment.
  milliseconds jittered(milliseconds pause) {
    const std::lock_guard lock(mutex);
    return milliseconds(
        std::uniform_int_distribution<long>(pause.count() / 2, pause.count())(random));
  }

  void wait(milliseconds pause, Clock::time_point latest = Clock::time_point::max()) const {
    for (const auto end = std::min(Clock::now() + pause, latest);
         Clock::now() < end && !cancelled();)
      std::this_thread::sleep_for(std::min<Clock::duration>(100ms, end - Clock::now()));
  }

  // The resources of a group and version; empty if it is not served.
  const std::vector<Resource>& resources(const std::string& group_version) {
    const std::lock_guard lock(discovery_mutex);
    if (const auto known = discovered.find(group_version); known != discovered.end())
      return known->second;
    const ApiRequest asked = request("GET", resource_path(group_version, "", ""), {});
    ApiRequest whole = asked;
    while (whole.path_and_query.ends_with('/')) whole.path_and_query.pop_back();
    const ApiReply reply = perform(whole, true);
    std::vector<Resource> all;
    json list = reply.status == 404 ? json::object() : object(whole, reply);
    for (const json& one : list["resources"]) all.push_back(resource_of(one));
    return discovered[group_version] = std::move(all);
  }

  const ClusterAccess access;
  const KubernetesOptions options;
  Transport transport;
  CredentialSource credentials;
  std::mutex mutex;
  std::mt19937 random{std::random_device{}()};
  std::mutex discovery_mutex;
  std::map<std::string, std::vector<Resource>> discovered;
};

Kubernetes::Kubernetes(ClusterAccess access, KubernetesOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(access), std::move(options))) {}

Kubernetes::~Kubernetes() = default;

const ClusterAccess& Kubernetes::access() const { return implementation_->access; }

std::optional<json> Kubernetes::find(const std::string& path) {
  auto& self = *implementation_;
  const ApiRequest request = self.request("GET", path, {});
  const ApiReply reply = self.perform(request, true);
  if (reply.status == 404) return {};
  return self.object(request, reply);
}

json Kubernetes::get(const std::string& path, const Query& query) {
  auto& self = *implementation_;
  const ApiRequest request = self.request("GET", path, query);
  return self.object(request, self.perform(request, true));
}

std::vector<json> Kubernetes::list(const std::string& path, const Query& query) {
  std::vector<json> items;
  Query page = query;
  page["limit"] = std::to_string(page_size);
  for (;;) try {
      json answer = get(path, page);
      for (auto& item : items_of(answer)) items.push_back(std::move(item));
      const auto next = text_at(answer, "/metadata/continue");
      if (next.empty()) return items;
      page["continue"] = next;
    } catch (const KubernetesError& error) {  // the pages are too old: all at once
      if (error.status != 410 || !page.contains("continue")) throw;
      json whole = get(path, query);
      return items_of(whole);
    }
}

json Kubernetes::create(const std::string& path, const json& object) {
  return implementation_->send_object("POST", path, object, "application/json");
}

json Kubernetes::replace(const std::string& path, const json& object) {
  return implementation_->send_object("PUT", path, object, "application/json");
}

json Kubernetes::patch(const std::string& path, const json& change, Patch kind) {
  return implementation_->send_object("PATCH", path, change, content_type(kind));
}

bool Kubernetes::remove(const std::string& path, const DeleteOptions& options) {
  auto& self = *implementation_;
  ApiRequest request = self.request("DELETE", path, {});
  json body{{"kind", "DeleteOptions"},
            {"apiVersion", "v1"},
            {"propagationPolicy", options.background ? "Background" : "Foreground"}};
  if (options.grace) body["gracePeriodSeconds"] = *options.grace;
  if (!options.uid.empty()) body["preconditions"] = {{"uid", options.uid}};
  request.body = body.dump();
  const ApiReply reply = self.perform(request, !options.uid.empty());
  return reply.status != 404;
}

std::string Kubernetes::text(const std::string& path, const Query& query) {
  auto& self = *implementation_;
  const ApiRequest request = self.request("GET", path, query);
  ApiReply reply = self.perform(request, true);
  if (!good(reply)) throw error_of(request, reply, self.access.server);
  return std::move(reply.body);
}

json Kubernetes::create_from_manifest(const json& object) {
  const std::string version = object.at("apiVersion"), kind = object.at("kind");
  const json& metadata = object.at("metadata");
  for (const auto& resource : implementation_->resources(version)) {
    if (resource.kind != kind || resource.name.find('/') != std::string::npos) continue;
    const auto path = resource_path(
        version, resource.namespaced ? metadata.value("namespace", access().default_namespace) : "",
        resource.name);
    try {
      return create(path, object);
    } catch (const KubernetesError& error) {
      if (error.status != 409 || error.reason != "AlreadyExists") throw;
      return get(path + "/" + metadata.at("name").get<std::string>());
    }
  }
  throw KubernetesError(404, "NotFound",
                        fmt::format("this cluster knows no {} of {}", kind, version));
}

bool Kubernetes::serves(const std::string& group_version, const std::string& resource) {
  return std::ranges::any_of(implementation_->resources(group_version),
                             [&](const Resource& one) { return one.name == resource; });
}

std::string Kubernetes::budget_version() {
  return serves("policy/v1", "poddisruptionbudgets") ? "policy/v1" : "policy/v1beta1";
}

std::string Kubernetes::eviction_version() {
  for (const auto& one : implementation_->resources("v1"))
    if (one.name == "pods/eviction")
      return (one.group.empty() ? "policy" : one.group) + "/" +
             (one.version.empty() ? "v1beta1" : one.version);
  throw KubernetesError(404, "NotFound", "this cluster knows no evictions");
}

bool Kubernetes::allowed(const std::string& verb, const std::string& group,
                         const std::string& resource, const std::string& namespace_name,
                         const std::string& name) {
  const auto slash = resource.find('/');
  json attributes{{"verb", verb},
                  {"group", group},
                  {"resource", resource.substr(0, slash)},
                  {"namespace", namespace_name}};
  if (slash != std::string::npos) attributes["subresource"] = resource.substr(slash + 1);
  if (!name.empty()) attributes["name"] = name;
  const json review = create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                             {{"apiVersion", "authorization.k8s.io/v1"},
                              {"kind", "SelfSubjectAccessReview"},
                              {"spec", {{"resourceAttributes", attributes}}}});
  const json_pointer where("/status/allowed");
  return review.contains(where) && review[where] == true;
}

namespace {

// What there was when the list was made, and what came since.
class Watched {
 public:
  explicit Watched(const WatchHandler& handler) : handler_(handler) {}

  // Everything there is: tells what is gone, new and changed since last time.
  bool listed(std::vector<json> items) {
    std::map<std::string, json> now;
    for (auto& item : items) now.emplace(key(item), std::move(item));
    const auto before = std::exchange(known_, now);
    for (const auto& [name, object] : before)
      if (!now.contains(name) && !handler_({WatchEvent::Kind::deleted, object})) return false;
    for (const auto& [name, object] : now) {
      const auto old = before.find(name);
      const bool is_new = old == before.end();
      if (!is_new && version(old->second) == version(object)) continue;
      if (!handler_({is_new ? WatchEvent::Kind::added : WatchEvent::Kind::modified, object}))
        return false;
    }
    return true;
  }

  bool changed(const WatchEvent& event) {
    if (event.kind == WatchEvent::Kind::deleted)
      known_.erase(key(event.object));
    else
      known_[key(event.object)] = event.object;
    return handler_(event);
  }

  static std::string version(const json& object) {
    return text_at(object, "/metadata/resourceVersion");
  }

 private:
  static std::string key(const json& object) {
    return text_at(object, "/metadata/namespace") + "/" + text_at(object, "/metadata/name") + "/" +
           text_at(object, "/metadata/uid");
  }

  const WatchHandler& handler_;
  std::map<std::string, json> known_;
};

}  // namespace

namespace {

// One connection of a watch: what came of it.
struct WatchPart {
  ApiReply reply;
  bool done = false;  // the handler has seen enough
  bool gone = false;  // the version is too old, or the server broke: list again
  bool news = false;  // something came
};

}  // namespace

bool Kubernetes::watch(const std::string& path, const Query& query, milliseconds limit,
                       const WatchHandler& handler) {
  auto& self = *implementation_;
  const auto deadline = Clock::now() + limit;
  const auto over = [&] { return Clock::now() >= deadline || self.cancelled(); };
  Watched watched(handler);
  std::string version;  // empty: list first

  const auto connect = [&] {
    WatchPart part;
    Query asked = query;
    asked["watch"] = "true";
    asked["allowWatchBookmarks"] = "true";
    asked["resourceVersion"] = version;
    asked["timeoutSeconds"] = std::to_string(self.options.watch_length / 1s);
    ApiRequest request = self.request("GET", path, asked);
    request.limit = self.options.watch_silence;
    request.cancelled = over;
    WatchLines lines;
    request.sink = [&](std::string_view bytes) {
      lines.add(bytes);
      while (const auto line = lines.next()) {
        if (line->kind == WatchLine::Kind::error) return part.gone = true, false;
        part.news = true;
        if (line->kind == WatchLine::Kind::event && !watched.changed({line->event, line->object}))
          return part.done = true, false;
        if (const auto now = Watched::version(line->object); !now.empty()) version = now;
      }
      return !lines.broken();
    };
    part.reply = self.send(request);
    part.gone = part.gone || part.reply.status == 410;
    if (!part.gone && part.reply.status != 200 && !over() && !worth_another_try(part.reply))
      throw error_of(request, part.reply, self.access.server);
    return part;
  };

  bool listed_once = false;
  for (milliseconds pause = self.options.first_pause; !over();) {
    const auto began = Clock::now();
    WatchPart part;
    if (version.empty()) {
      ApiRequest request = self.request("GET", path, query);
      if (listed_once) {  // it has been there: it will be back
        request.cancelled = over;
        part.reply = self.send(request);
      } else {
        part.reply = self.perform(request, true);
      }
      if (good(part.reply)) {
        json all = self.object(request, part.reply);
        version = Watched::version(all);
        listed_once = true;
        if (!watched.listed(items_of(all))) return true;
      } else if (!over() && !worth_another_try(part.reply)) {
        throw error_of(request, part.reply, self.access.server);
      }
    }
    if (!version.empty() && !over()) {
      part = connect();
      if (part.done) return true;
      if (part.gone) version.clear();
    }
    if (part.news || Clock::now() - began > pause) pause = self.options.first_pause;
    if (!over()) self.wait(self.pause_before_retry(pause, part.reply), deadline);
    pause = self.longer(pause);
  }
  return false;
}

}  // namespace faultline
