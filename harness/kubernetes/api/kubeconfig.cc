#include "harness/kubernetes/api/kubeconfig.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace faultline {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw KubeconfigError("cannot read " + path.string());
  return text.str();
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// One file, with errors that name it.
class Reader {
 public:
  explicit Reader(fs::path file) : file_(std::move(file)) {
    const std::string text = read_text(file_);
    try {
      root_ = YAML::Load(text);
    } catch (const YAML::Exception& error) {
      fail(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
    }
    if (!root_.IsMap()) fail("is no kubeconfig: it holds no map");
  }

  std::string current_context() const { return text(root_, "current-context"); }

  std::vector<std::string> contexts() const {
    std::vector<std::string> names;
    for (const auto& entry : list("contexts")) names.push_back(text(entry, "name"));
    return names;
  }

  ClusterAccess access(const std::string& name) const {
    const YAML::Node context = named("contexts", "context", name);
    ClusterAccess access;
    access.context = name;
    if (const auto own = text(context, "namespace"); !own.empty()) access.default_namespace = own;
    read_cluster(named("clusters", "cluster", required(context, "cluster", name)), access);
    if (const auto user = text(context, "user"); !user.empty())
      read_user(named("users", "user", user), access);
    return access;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw KubeconfigError(fmt::format("{}: {}", file_.string(), what));
  }

 private:
  void read_cluster(const YAML::Node& cluster, ClusterAccess& access) const {
    access.server = required(cluster, "server", "the cluster");
    while (access.server.ends_with('/')) access.server.pop_back();
    access.ca = data_or_file(cluster, "certificate-authority");
    access.tls_server_name = text(cluster, "tls-server-name");
    access.proxy = text(cluster, "proxy-url");
    access.insecure = text(cluster, "insecure-skip-tls-verify") == "true";
  }

  void read_user(const YAML::Node& user, ClusterAccess& access) const {
    access.client_certificate = data_or_file(user, "client-certificate");
    access.client_key = data_or_file(user, "client-key");
    access.token = text(user, "token");
    if (const auto path = text(user, "tokenFile"); !path.empty()) access.token_file = beside(path);
    access.user = text(user, "username");
    access.password = text(user, "password");
    if (const YAML::Node exec = user["exec"]; exec && exec.IsMap()) access.exec = plugin(exec);
    if (user["auth-provider"])
      fail("auth-provider is gone from Kubernetes since 1.26; its exec plugin is meant");
  }

  ExecPlugin plugin(const YAML::Node& exec) const {
    ExecPlugin plugin;
    plugin.api_version = required(exec, "apiVersion", "the exec plugin");
    auto program = required(exec, "command", "the exec plugin");
    if (program.find('/') != program.npos) program = beside(program).string();
    plugin.command.push_back(std::move(program));
    for (const auto& argument : sequence(exec, "args")) plugin.command.push_back(scalar(argument));
    for (const auto& variable : sequence(exec, "env"))
      plugin.environment[text(variable, "name")] = text(variable, "value");
    plugin.install_hint = text(exec, "installHint");
    return plugin;
  }

  std::string data_or_file(const YAML::Node& node, const std::string& key) const {
    if (const auto encoded = text(node, key + "-data"); !encoded.empty()) {
      const auto bytes = YAML::DecodeBase64(encoded);
      if (bytes.empty()) fail(key + "-data is no base64");
      return {bytes.begin(), bytes.end()};
    }
    const auto path = text(node, key);
    return path.empty() ? "" : read_text(beside(path));
  }

  fs::path beside(const fs::path& path) const { return fs::absolute(file_).parent_path() / path; }

  YAML::Node sequence(const YAML::Node& node, const std::string& key) const {
    const YAML::Node found = node[key];
    if (!found || found.IsNull()) return YAML::Node(YAML::NodeType::Sequence);
    if (!found.IsSequence()) fail(key + " must be a list");
    return found;
  }

  YAML::Node list(const std::string& key) const { return sequence(root_, key); }

  // contexts: [{name: NAME, context: {...}}] and the like.
  YAML::Node named(const std::string& key, const std::string& member,
                   const std::string& name) const {
    for (const auto& entry : list(key))
      if (entry.IsMap() && text(entry, "name") == name) {
        const YAML::Node found = entry[member];
        if (found && found.IsMap()) return found;
        fail(fmt::format("the {} '{}' says nothing", member, name));
      }
    if (member == "context")
      fail(fmt::format("has no context '{}', only: {}", name, fmt::join(contexts(), ", ")));
    fail(fmt::format("has no {} '{}'", member, name));
  }

  std::string scalar(const YAML::Node& node) const {
    if (!node.IsScalar()) fail("a text was expected where something else is");
    return node.Scalar();
  }

  std::string text(const YAML::Node& node, const std::string& key) const {
    if (!node.IsMap()) return "";
    const YAML::Node found = node[key];
    return found && found.IsScalar() ? found.Scalar() : "";
  }

  std::string required(const YAML::Node& node, const std::string& key,
                       const std::string& whose) const {
    auto found = text(node, key);
    if (found.empty()) fail(fmt::format("{} has no '{}'", whose, key));
    return found;
  }

  fs::path file_;
  YAML::Node root_;
};

std::vector<fs::path> kubeconfig_files() {
  std::vector<fs::path> files;
  std::istringstream list(environment("KUBECONFIG"));
  for (std::string path; std::getline(list, path, ':');)
    if (!path.empty()) files.emplace_back(path);
  if (!files.empty()) return files;
  if (const auto home = environment("HOME"); !home.empty())
    if (const auto path = fs::path(home) / ".kube/config"; fs::exists(path)) files.push_back(path);
  return files;
}

}  // namespace

ClusterAccess read_kubeconfig(const fs::path& file, const std::string& context) {
  const Reader reader(file);
  const std::string name = context.empty() ? reader.current_context() : context;
  if (name.empty())
    reader.fail(fmt::format("says no current-context; choose one of: {}",
                            fmt::join(reader.contexts(), ", ")));
  return reader.access(name);
}

ClusterAccess in_cluster_access(const fs::path& folder) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty() || !fs::exists(folder / "token"))
    throw KubeconfigError(
        "no kubeconfig: neither $KUBECONFIG nor ~/.kube/config, and this is no pod; "
        "choose one with --kubeconfig FILE");
  ClusterAccess access;
  access.context = "in-cluster";
  access.server =
      fmt::format("https://{}:{}", host.find(':') == host.npos ? host : "[" + host + "]", port);
  access.ca = read_text(folder / "ca.crt");
  access.token_file = folder / "token";
  if (fs::exists(folder / "namespace")) access.default_namespace = read_text(folder / "namespace");
  return access;
}

ClusterAccess default_cluster_access(const std::string& context) {
  const auto files = kubeconfig_files();
  if (files.empty()) return in_cluster_access();
  std::string problem;
  for (const auto& file : files) try {
      return read_kubeconfig(file, context);
    } catch (const KubeconfigError& error) {
      if (problem.empty()) problem = error.what();
    }
  throw KubeconfigError(problem);
}

}  // namespace faultline
