#include "harness/kubernetes_access.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "harness/broker/nats/nats_api.h"
#include "harness/read_target_file.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr int stream_not_found = 10059;
constexpr const char* account_namespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

ClusterAccess read_access(const TargetFile& target) {
  if (target.context == in_cluster) return in_cluster_access();
  return target.kubeconfig.empty() ? default_cluster_access(target.context)
                                   : read_kubeconfig(target.kubeconfig, target.context);
}

// Empty where there is no such pod; nothing where one may not look.
std::optional<std::string> node_of_pod(Kubernetes& reader, const std::string& namespace_name,
                                       const std::string& name) try {
  const auto pod = reader.find(resource_path("v1", namespace_name, "pods", name));
  return pod ? (*pod)["spec"].value("nodeName", "") : "";
} catch (const KubernetesError& error) {
  if (error.status != 403) throw;
  return {};
}

}  // namespace

TargetFile good_target_file(const std::filesystem::path& path) {
  auto loaded = load_target_file(path);
  if (!loaded.problems.empty()) throw Refusal(to_string(loaded.problems.front()));
  return std::move(loaded.target);
}

ClusterAccess access_of(const TargetFile& target) {
  ClusterAccess access = [&] {
    try {
      return read_access(target);
    } catch (const KubeconfigError& error) {
      throw Refusal(fmt::format("{} (cluster.context in {})", error.what(), target.file.string()));
    }
  }();
  if (access.context != target.context)
    throw Refusal(fmt::format("refused: {} allows the context '{}', and this is '{}'",
                              target.file.string(), target.context, access.context));
  if (without_slash(access.server) != without_slash(target.server))
    throw Refusal(
        fmt::format("refused: {} allows the API server {}, and the context '{}' leads to {}",
                    target.file.string(), target.server, access.context, access.server));
  return access;
}

KubernetesOptions read_only() {
  KubernetesOptions options;
  options.before_change = [](const std::string& method, const std::string& path, const json&) {
    const bool asks = path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    if (!asks) throw Refusal(fmt::format("refused: {} {} while only looking", method, path));
  };
  return options;
}

KubernetesOptions guarded(Guard& guard) {
  KubernetesOptions options;
  options.before_change = [&guard](const std::string& method, const std::string& path,
                                   const json& body) { guard.check(method, path, body); };
  return options;
}

KubernetesOptions quick() {
  KubernetesOptions options = read_only();
  options.connect_limit = 1s;
  options.request_limit = 2s;
  options.attempts = 1;
  return options;
}

OwnPlace own_place(Kubernetes& reader) {
  if (const auto node = variable("FAULTLINE_NODE"); !node.empty()) return {node, ""};
  if (variable("KUBERNETES_SERVICE_HOST").empty()) {
    // A node that somebody has logged in to.
    const auto host = host_name();
    return {reader.find(resource_path("v1", "", "nodes", host)) ? host : "", ""};
  }
  std::string own_namespace;
  std::getline(std::ifstream(account_namespace), own_namespace);
  const auto node = node_of_pod(reader, own_namespace, host_name());
  if (!node || (node->empty() && reader.access().context == in_cluster))
    throw Refusal(
        "refused: this runs in a pod, and on which node cannot be found out: set FAULTLINE_NODE to "
        "spec.nodeName by the downward API");
  return {*node, node->empty() ? "" : own_namespace + "/" + host_name()};
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string remove_stream(const TargetFile& target, const std::string& stream) try {
  const auto& client = target.brokers.client;
  std::vector<std::string> urls;
  if (!client.url.empty()) urls.push_back(client.url);
  for (const auto& [pod, url] : client.urls) urls.push_back(url);
  NatsApi api(urls, read_client_access(client));
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  for (std::string problem = "the brokers do not answer";;) {
    const auto reply = api.request("$JS.API.STREAM.DELETE." + stream, {}, 2s);
    if (reply && (!reply->contains("error") || api_error(*reply) == stream_not_found)) return "";
    if (reply) problem = api_error_text(*reply);
    if (std::chrono::steady_clock::now() > deadline) return problem;
    std::this_thread::sleep_for(200ms);
  }
} catch (const std::exception& error) {
  return error.what();
}

}  // namespace faultline
