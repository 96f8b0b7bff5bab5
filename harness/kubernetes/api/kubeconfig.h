// How to reach a Kubernetes API server: what a kubeconfig file or a pod's
// service account says
// (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace faultline {

// What is wrong with the configuration; what() is one line and holds no secret.
struct KubeconfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A program that prints credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string api_version;
  std::vector<std::string> command;  // the program and its arguments
  std::map<std::string, std::string> environment;
  std::string install_hint;
  bool provide_cluster_info = false;
};

// The texts are PEM. All but the first three are secrets or paths to them, and
// must reach no log, no report, no message.
struct ClusterAccess {
  std::string context;  // in_cluster in a pod
  std::string server;   // https://127.0.0.1:6443
  std::string default_namespace = "default";
  std::string ca;  // empty: the system's
  std::string tls_server_name;
  std::string proxy;
  bool insecure = false;  // only where the file says insecure-skip-tls-verify
  std::string client_certificate, client_key;
  std::string token;
  std::filesystem::path token_file;  // read anew for each request: it is rotated
  std::string user, password;
  std::optional<ExecPlugin> exec;
};

// The context of that name, or the file's current one where it is empty. A
// relative path in the file is relative to the file. Throws KubeconfigError.
ClusterAccess read_kubeconfig(const std::filesystem::path& file, const std::string& context = "");

// The context of a pod's service account.
inline constexpr const char* in_cluster = "in-cluster";

// $KUBECONFIG (its files merged as kubectl does: of each name the first counts), else
// ~/.kube/config, else, or for the context in_cluster, the service account of the pod
// that this program runs in.
ClusterAccess default_cluster_access(const std::string& context = "");

// The service account's files; `folder` is where Kubernetes mounts them.
ClusterAccess in_cluster_access(
    const std::filesystem::path& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace faultline
