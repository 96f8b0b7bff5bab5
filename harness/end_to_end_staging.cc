#include "harness/end_to_end_staging.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/cluster/cluster.h"
#include "harness/cluster/program.h"
#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/manifests.h"

namespace faultline::end_to_end {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* home = "messaging";
constexpr const char* data_folder = "/var/lib/messaging";  // in each worker
constexpr const char* password = "of-the-test-alone";

fs::path source(const std::string& path) { return fs::path(FAULTLINE_SOURCE_FOLDER) / path; }

fs::path testdata(const std::string& file) { return source("harness/testdata") / file; }

std::string pod_name(std::size_t i) { return fmt::format("nats-{}", i); }

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

// As kubectl found it in the cluster's nodes.
std::string broker_image(const KindTestCluster& cluster) {
  const auto images =
      cluster.in_node(cluster.name() + "-worker",
                      "ctr --namespace k8s.io images ls --quiet | grep -E '/nats:' | head -n 1");
  if (images.empty()) throw ClusterError("no image of nats is in the nodes: 'faultline up'");
  return images.substr(0, images.find('\n'));
}

// Of a role's binding only the permission to get in; whom it is for is another's to say.
void bind_also(json& object, const std::string& service_account) {
  if (object.contains("subjects"))
    object["subjects"].push_back(
        {{"kind", "ServiceAccount"}, {"name", service_account}, {"namespace", home}});
}

json service_account(const std::string& name) {
  return {{"apiVersion", "v1"},
          {"kind", "ServiceAccount"},
          {"metadata", {{"name", name}, {"namespace", home}}}};
}

std::string pod_proxy(std::size_t i, const std::string& page) {
  return fmt::format("/api/v1/namespaces/{}/pods/{}:8222/proxy{}", home, pod_name(i), page);
}

}  // namespace

SomebodysBrokers::SomebodysBrokers(const KindTestCluster& cluster, fs::path folder)
    : cluster_(cluster),
      folder_(std::move(folder)),
      kind_(find_kind_cluster({cluster.name(), kind_files(folder_, cluster.name()), "", {}, {}})),
      api_(read_kubeconfig(kind_.kubeconfig)),
      removal_(*this) {
  deploy();
  if (!testing::eventually([this] { return healthy(); }))
    throw ClusterError("the brokers of the test are not healthy after two minutes");
}

SomebodysBrokers::~SomebodysBrokers() = default;

SomebodysBrokers::Removal::Removal(const SomebodysBrokers& brokers) : brokers_(brokers) {
  brokers_.remove();  // what a test left that was killed
}

SomebodysBrokers::Removal::~Removal() {
  try {
    brokers_.remove();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "left in the cluster: " << error.what();
  }
}

// A namespace waits for its pods by half of their grace and more, so these go first.
void SomebodysBrokers::remove() const {
  cluster_.kubectl("delete --namespace messaging --ignore-not-found statefulset/nats");
  // A kubelet that is behind may take a minute to say that a container has ended.
  try {
    cluster_.kubectl("delete --namespace messaging pods --all --grace-period=1 --timeout=40s");
  } catch (const ClusterError&) {
    cluster_.kubectl("delete --namespace messaging pods --all --grace-period=0 --force");
  }
  cluster_.kubectl(
      "delete --ignore-not-found --timeout=50s namespace/messaging"
      " persistentvolume/messaging-nats-0 persistentvolume/messaging-nats-1"
      " persistentvolume/messaging-nats-2"
      " clusterrole/faultline clusterrolebinding/faultline"
      " clusterrole/faultline-drain clusterrolebinding/faultline-drain");
  cluster_.kubectl("annotate nodes --all faultline.dev/cordoned-by-");
  for (const KindNode& worker : kind_.workers) {
    cluster_.kubectl("uncordon " + worker.name);
    cluster_.in_node(worker.name, std::string("rm -rf ") + data_folder);
  }
}

void SomebodysBrokers::create(const fs::path& file, const std::map<std::string, json>& values) {
  for (json& object : read_manifests(file, values)) {
    if (object["kind"] == "PodDisruptionBudget") object["apiVersion"] = api_.budget_version();
    api_.create_from_manifest(object);
  }
}

void SomebodysBrokers::grant() {
  api_.create_from_manifest(service_account("lesser"));
  for (json& object : read_manifests(source("kind-config/rbac/every-run.yaml"), {})) {
    bind_also(object, "lesser");
    api_.create_from_manifest(object);
  }
  create(source("kind-config/rbac/broker-faults.yaml"), {});
  create(source("kind-config/rbac/drain.yaml"), {});
}

// A worker with pods that are not the brokers', such as CoreDNS, may not be drained.
void SomebodysBrokers::move_others_away() const {
  std::string workers;
  for (const KindNode& worker : kind_.workers) workers += " " + worker.name;
  cluster_.kubectl("drain --ignore-daemonsets --delete-emptydir-data --timeout=50s" + workers);
  cluster_.kubectl("rollout status --namespace kube-system deployment/coredns --timeout=50s");
  cluster_.kubectl("uncordon" + workers);
}

void SomebodysBrokers::deploy() {
  move_others_away();
  api_.create_from_manifest(
      {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", home}}}});
  grant();
  const auto authority = testing::make_authority("messaging");
  const auto server = testing::make_certificate(authority, {.also = "*.nats.messaging.svc"});
  write(folder_ / "ca.pem", authority.certificate);
  write(folder_ / "cluster-ca.pem", api_.access().ca);
  write(folder_ / "password", std::string(password) + "\n");
  for (std::size_t i = 0; i < kind_.workers.size(); ++i)
    create(testdata("messaging-broker.yaml"),
           {{"pod", pod_name(i)},
            {"worker", kind_.workers[i].name},
            {"folder", data_folder},
            {"client_node_port", kind_.workers[i].ports.client_node_port}});
  create(testdata("messaging.yaml"), {{"image", broker_image(cluster_)},
                                      {"certificate", server.certificate},
                                      {"key", server.key},
                                      {"password", password}});
}

bool SomebodysBrokers::healthy() {
  for (std::size_t i = 0; i < kind_.workers.size(); ++i) try {
      if (json::parse(api_.text(pod_proxy(i, "/healthz"))).value("status", "") != "ok")
        return false;
    } catch (const std::exception&) {  // not there yet
      return false;
    }
  return true;
}

fs::path SomebodysBrokers::kubeconfig(const std::string& token) const {
  const json config{
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"current-context", "staging"},
      {"clusters",
       {{{"name", "c"},
         {"cluster",
          {{"server", api_.access().server}, {"certificate-authority", "cluster-ca.pem"}}}}}},
      {"users", {{{"name", "u"}, {"user", {{"token", token}}}}}},
      {"contexts", {{{"name", "staging"}, {"context", {{"cluster", "c"}, {"user", "u"}}}}}}};
  const auto file = folder_ / fmt::format("{:x}.kubeconfig", std::hash<std::string>()(token));
  write(file, config.dump(2));
  return file;
}

fs::path SomebodysBrokers::target(const TargetWish& wish) {
  json urls;
  for (std::size_t i = 0; i < kind_.workers.size(); ++i)
    urls[pod_name(i)] = fmt::format("tls://127.0.0.1:{}", kind_.workers[i].ports.client);
  const auto token = wish.token.empty() ? token_of(wish.service_account) : wish.token;
  const auto document =
      read_manifests(testdata("messaging-target.yaml"), {{"server", api_.access().server},
                                                         {"kubeconfig", kubeconfig(token).string()},
                                                         {"urls", urls},
                                                         {"user", wish.user}});
  const auto file = folder_ / fmt::format("{}-{}.yaml", wish.service_account, wish.user);
  write(file, document.at(0).dump(2));
  return file;
}

std::string SomebodysBrokers::token_of(const std::string& service_account) {
  const auto path =
      fmt::format("/api/v1/namespaces/{}/serviceaccounts/{}/token", home, service_account);
  const auto request = api_.create(path, {{"apiVersion", "authentication.k8s.io/v1"},
                                          {"kind", "TokenRequest"},
                                          {"spec", {{"expirationSeconds", 3600}}}});
  return request["status"]["token"];
}

std::string SomebodysBrokers::token_that_is_no_longer_good() {
  api_.create_from_manifest(service_account("former"));
  const auto token = token_of("former");
  api_.remove(resource_path("v1", home, "serviceaccounts", "former"));
  return token;
}

std::string SomebodysBrokers::pods() const {
  return cluster_.kubectl("get pods --namespace messaging -o jsonpath='{.items[*].metadata.uid}'");
}

std::string SomebodysBrokers::leftovers() {
  std::string left =
      cluster_.kubectl("get configmaps --all-namespaces -o name -l faultline.dev/undo=true");
  left += cluster_.kubectl("get nodes -o name --field-selector spec.unschedulable=true");
  left += cluster_.kubectl("get nodes -o yaml | grep faultline.dev/ || true");
  for (std::size_t i = 0; i < kind_.workers.size(); ++i) try {
      const auto streams = api_.text(pod_proxy(i, "/jsz"), {{"accounts", "1"}, {"streams", "1"}});
      if (streams.find("\"faultline-") != streams.npos) left += pod_name(i) + " has a stream\n";
    } catch (const KubernetesError&) {
      left += pod_name(i) + " does not answer\n";
    }
  return left;
}

bool SomebodysBrokers::become_clean() {
  return testing::eventually([this] { return leftovers().empty(); });
}

}  // namespace faultline::end_to_end
