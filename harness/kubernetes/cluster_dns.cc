#include "harness/kubernetes/cluster_dns.h"

namespace faultline {
namespace {

using nlohmann::json;

constexpr const char* place = "kube-system";

// As kubeadm writes it, and with the option that the plugin has for it
// (coredns.io/plugins/cache): capacity, most and least seconds.
constexpr std::string_view plain = "cache 30\n";
constexpr std::string_view shorter = "cache 30 {\n       denial 9984 1 0\n    }\n";

}  // namespace

void shorten_denials(Kubernetes& api) {
  const auto path = resource_path("v1", place, "configmaps", "coredns");
  const auto found = api.find(path);
  if (!found) return;
  auto corefile = found->value(json::json_pointer("/data/Corefile"), "");
  const auto at = corefile.find(plain);
  if (at == corefile.npos) return;
  corefile.replace(at, plain.size(), shorter);
  api.patch(path, {{"data", {{"Corefile", corefile}}}});
  const auto pods = resource_path("v1", place, "pods");
  for (const auto& pod : api.list(pods, {{"labelSelector", "k8s-app=kube-dns"}}))
    api.remove(pods + "/" + pod["metadata"]["name"].get<std::string>(), {.grace = 0});
}

bool dns_is_available(Kubernetes& api) {
  const auto found = api.find(resource_path("apps/v1", place, "deployments", "coredns"));
  return !found || found->value(json::json_pointer("/status/availableReplicas"), 0) > 0;
}

}  // namespace faultline
