#include "harness/kubernetes/api/kubeconfig.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace faultline {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Names come from files of others and go into one line of a terminal.
std::string printable(std::string text) {
  constexpr std::size_t most = 200;
  std::ranges::replace_if(
      text, [](unsigned char c) { return std::iscntrl(c); }, '?');
  return text.size() <= most ? text : text.substr(0, most) + "...";
}

// Empty if it is none. yaml-cpp 0.7 reads beyond its table at a byte that is not ASCII.
std::string decoded(const std::string& base64) {
  if (std::ranges::any_of(base64, [](unsigned char c) { return c >= 0x80; })) return "";
  const auto bytes = YAML::DecodeBase64(base64);
  return {bytes.begin(), bytes.end()};
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || fs::is_directory(path))
    throw KubeconfigError("cannot read " + (path.string().find('\n') == std::string::npos
                                                ? printable(path.string())
                                                : "the file that is named"));
  return text.str();
}

// One file, with errors that name it.
class File {
 public:
  explicit File(fs::path path) : path_(std::move(path)) {
    const std::string text = read_text(path_);
    try {
      root_ = YAML::Load(text);
    } catch (const YAML::Exception& error) {  // what follows a colon quotes the file
      fail(fmt::format("line {}: {}", error.mark.line + 1,
                       error.msg.substr(0, error.msg.find(':'))));
    }
    if (!root_.IsMap()) fail("is no kubeconfig: it holds no map");
  }

  const fs::path& path() const { return path_; }
  const YAML::Node& root() const { return root_; }
  fs::path beside(const fs::path& path) const { return fs::absolute(path_).parent_path() / path; }

  [[noreturn]] void fail(const std::string& what) const {
    throw KubeconfigError(printable(path_.string()) + ": " + what);
  }

  YAML::Node sequence(const YAML::Node& node, const std::string& key) const {
    const YAML::Node found = node[key];
    if (!found || found.IsNull()) return YAML::Node(YAML::NodeType::Sequence);
    if (!found.IsSequence()) fail(key + " must be a list");
    return found;
  }

  std::string scalar(const YAML::Node& node) const {
    if (!node.IsScalar()) fail("a text was expected where something else is");
    return node.Scalar();
  }

  std::string text(const YAML::Node& node, const std::string& key) const {
    if (!node.IsMap()) return "";
    const YAML::Node found = node[key];
    if (!found || found.IsNull()) return "";
    if (!found.IsScalar()) fail(key + " must be a text");
    return found.Scalar();
  }

  bool truth(const YAML::Node& node, const std::string& key) const {
    const auto said = text(node, key);
    if (!said.empty() && said != "true" && said != "false") fail(key + " must be true or false");
    return said == "true";
  }

  std::string required(const YAML::Node& node, const std::string& key,
                       const std::string& whose) const {
    auto found = text(node, key);
    if (found.empty()) fail(fmt::format("{} has no '{}'", printable(whose), key));
    return found;
  }

  std::string data_or_file(const YAML::Node& node, const std::string& key) const {
    if (const auto encoded = text(node, key + "-data"); !encoded.empty()) {
      auto text = decoded(encoded);
      if (text.empty()) fail(key + "-data is no base64");
      return text;
    }
    const auto path = text(node, key);
    if (path.empty()) return "";
    auto content = read_text(beside(path));
    if (content.empty()) fail(key + ": there is nothing in " + printable(path));
    return content;
  }

 private:
  fs::path path_;
  YAML::Node root_;
};

// Several files as one: of each name, and of the current context, the first counts.
class Merged {
 public:
  explicit Merged(std::vector<File> files) : files_(std::move(files)) {}

  ClusterAccess access(const std::string& wanted) const {
    const std::string name = wanted.empty() ? current_context() : wanted;
    if (name.empty()) fail("says no current-context; choose one of: " + contexts());
    const Entry context = named("contexts", "context", name);
    ClusterAccess access;
    access.context = name;
    if (const auto own = context.file->text(context.node, "namespace"); !own.empty())
      access.default_namespace = own;
    const auto cluster = context.file->required(context.node, "cluster", "context " + name);
    read_cluster(named("clusters", "cluster", cluster), access);
    if (const auto user = context.file->text(context.node, "user"); !user.empty())
      read_user(named("users", "user", user), access);
    return access;
  }

 private:
  struct Entry {
    const File* file;
    YAML::Node node;
  };

  static void read_cluster(const Entry& entry, ClusterAccess& access) {
    const auto& [file, cluster] = entry;
    access.server = file->required(cluster, "server", "the cluster");
    while (access.server.ends_with('/')) access.server.pop_back();
    if (!access.server.starts_with("https://") && !access.server.starts_with("http://"))
      file->fail("server must begin with https://");
    access.ca = file->data_or_file(cluster, "certificate-authority");
    access.tls_server_name = file->text(cluster, "tls-server-name");
    access.proxy = file->text(cluster, "proxy-url");
    access.insecure = file->truth(cluster, "insecure-skip-tls-verify");
    if (access.insecure && !access.ca.empty())
      file->fail("certificate-authority and insecure-skip-tls-verify contradict each other");
  }

  static void read_user(const Entry& entry, ClusterAccess& access) {
    const auto& [file, user] = entry;
    access.client_certificate = file->data_or_file(user, "client-certificate");
    access.client_key = file->data_or_file(user, "client-key");
    if (access.client_certificate.empty() != access.client_key.empty())
      file->fail("client-certificate and client-key belong together, and one is missing");
    access.token = file->text(user, "token");
    if (const auto path = file->text(user, "tokenFile"); !path.empty())
      access.token_file = file->beside(path);
    access.user = file->text(user, "username");
    access.password = file->text(user, "password");
    if (const YAML::Node exec = user["exec"]; exec && exec.IsMap())
      access.exec = plugin(*file, exec);
    if (user["auth-provider"])
      file->fail("auth-provider is gone from Kubernetes since 1.26; its exec plugin is meant");
  }

  static ExecPlugin plugin(const File& file, const YAML::Node& exec) {
    ExecPlugin plugin;
    plugin.api_version = file.required(exec, "apiVersion", "the exec plugin");
    if (plugin.api_version != "client.authentication.k8s.io/v1" &&
        plugin.api_version != "client.authentication.k8s.io/v1beta1")
      file.fail("the exec plugin's apiVersion must be client.authentication.k8s.io/v1 or v1beta1");
    auto program = file.required(exec, "command", "the exec plugin");
    if (program.find('/') != program.npos) program = file.beside(program).string();
    plugin.command.push_back(std::move(program));
    for (const auto& argument : file.sequence(exec, "args"))
      plugin.command.push_back(file.scalar(argument));
    for (const auto& variable : file.sequence(exec, "env"))
      plugin.environment[file.required(variable, "name", "the exec plugin's env")] =
          file.text(variable, "value");
    plugin.install_hint = printable(file.text(exec, "installHint"));
    plugin.provide_cluster_info = file.truth(exec, "provideClusterInfo");
    if (file.text(exec, "interactiveMode") == "Always")
      file.fail("the exec plugin wants a terminal (interactiveMode: Always)");
    return plugin;
  }

  std::string current_context() const {
    for (const auto& file : files_)
      if (auto name = file.text(file.root(), "current-context"); !name.empty()) return name;
    return "";
  }

  std::string contexts() const {
    std::vector<std::string> names;
    for (const auto& file : files_)
      for (const auto& entry : file.sequence(file.root(), "contexts"))
        names.push_back(printable(file.text(entry, "name")));
    constexpr std::size_t most = 20;
    const bool too_many = names.size() > most;
    if (too_many) names.resize(most);
    return names.empty() ? "(there is none)"
                         : fmt::format("{}{}", fmt::join(names, ", "), too_many ? ", ..." : "");
  }

  // contexts: [{name: NAME, context: {...}}] and the like.
  Entry named(const std::string& key, const std::string& member, const std::string& name) const {
    for (const auto& file : files_)
      for (const auto& entry : file.sequence(file.root(), key))
        if (entry.IsMap() && file.text(entry, "name") == name) {
          const YAML::Node found = entry[member];
          if (found && found.IsMap()) return {&file, found};
          file.fail(fmt::format("the {} '{}' says nothing", member, printable(name)));
        }
    if (member == "context")
      fail(fmt::format("has no context '{}', only: {}", printable(name), contexts()));
    fail(fmt::format("has no {} '{}'", member, printable(name)));
  }

  [[noreturn]] void fail(const std::string& what) const {
    std::vector<std::string> paths;
    for (const auto& file : files_) paths.push_back(printable(file.path().string()));
    throw KubeconfigError(fmt::format("{}: {}", fmt::join(paths, ", "), what));
  }

  std::vector<File> files_;
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
  return Merged({File(file)}).access(context);
}

ClusterAccess in_cluster_access(const fs::path& folder) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty())
    throw KubeconfigError(
        "this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  if (std::error_code error; !fs::exists(folder / "token", error))
    throw KubeconfigError(
        fmt::format("this pod has no service account: there is no token in {} "
                    "(automountServiceAccountToken)",
                    folder.string()));
  ClusterAccess access;
  access.context = in_cluster;
  access.server =
      fmt::format("https://{}:{}", host.find(':') == host.npos ? host : "[" + host + "]", port);
  access.ca = read_text(folder / "ca.crt");
  if (access.ca.empty())
    throw KubeconfigError("there is no certificate in " + (folder / "ca.crt").string());
  access.token_file = folder / "token";
  if (fs::exists(folder / "namespace")) access.default_namespace = read_text(folder / "namespace");
  while (access.default_namespace.ends_with('\n')) access.default_namespace.pop_back();
  return access;
}

ClusterAccess default_cluster_access(const std::string& context) {
  const auto paths = kubeconfig_files();
  if (context == in_cluster) return in_cluster_access();
  if (paths.empty() && environment("KUBERNETES_SERVICE_HOST").empty())
    throw KubeconfigError(
        "no kubeconfig: neither $KUBECONFIG nor ~/.kube/config, and this is no pod; "
        "set KUBECONFIG to one");
  if (paths.empty()) return in_cluster_access();
  std::vector<File> files;
  for (const auto& path : paths)
    if (fs::exists(path)) files.emplace_back(path);
  if (files.empty())
    throw KubeconfigError(printable(paths.front().string()) +
                          ", which $KUBECONFIG names, is not there");
  return Merged(std::move(files)).access(context);
}

}  // namespace faultline
