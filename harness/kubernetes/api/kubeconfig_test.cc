#include "harness/kubernetes/api/kubeconfig.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto whole = R"(
apiVersion: v1
kind: Config
current-context: staging
contexts:
- name: staging
  context: {cluster: c, user: u, namespace: brokers}
- name: broken
  context: {cluster: nowhere}
clusters:
- name: c
  cluster:
    server: https://api.example:6443/
    certificate-authority-data: UEVNIGF1dGhvcml0eQ==
    tls-server-name: kubernetes
    proxy-url: http://proxy.example:3128
users:
- name: u
  user:
    client-certificate-data: UEVN
    client-key-data: S0VZ
    token: secret-token
    username: me
    password: secret-password
)";

class Kubeconfig : public ::testing::Test {
 protected:
  ~Kubeconfig() override {
    for (const auto* name : {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"})
      ::unsetenv(name);
  }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    const auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  // With one user of these members.
  std::filesystem::path write_user(const std::string& user) {
    return write("config", fmt::format(R"(
current-context: x
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "https://a"}}}}]
users: [{{name: u, user: {{{}}}}}]
)",
                                       user));
  }

  static std::string problem_of(const std::function<void()>& read) {
    try {
      read();
    } catch (const KubeconfigError& error) {
      return error.what();
    }
    return "no problem";
  }

  std::string problem_in(const std::string& text, const std::string& context = "") {
    const auto path = write("config", text);
    return problem_of([&] { read_kubeconfig(path, context); });
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Kubeconfig, EverythingIsRead) {
  const auto access = read_kubeconfig(write("config", whole));
  EXPECT_EQ(access.context, "staging");
  EXPECT_EQ(access.server, "https://api.example:6443");
  EXPECT_EQ(access.default_namespace, "brokers");
  EXPECT_EQ(access.ca, "PEM authority");
  EXPECT_EQ(access.tls_server_name, "kubernetes");
  EXPECT_EQ(access.proxy, "http://proxy.example:3128");
  EXPECT_FALSE(access.insecure);
  EXPECT_EQ(access.client_certificate, "PEM");
  EXPECT_EQ(access.client_key, "KEY");
  EXPECT_EQ(access.token, "secret-token");
  EXPECT_EQ(access.user, "me");
  EXPECT_EQ(access.password, "secret-password");
  EXPECT_FALSE(access.exec);
}

TEST_F(Kubeconfig, PathsAreRelativeToTheFile) {
  write("a/ca.pem", "the authority");
  write("a/tokens/t", "the token");
  const auto access = read_kubeconfig(write("a/config", R"(
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://a", certificate-authority: ca.pem}}]
users: [{name: u, user: {tokenFile: tokens/t}}]
)"));
  EXPECT_EQ(access.ca, "the authority");
  EXPECT_EQ(access.token_file, folder_.path() / "a/tokens/t");
  EXPECT_EQ(access.default_namespace, "default");
}

TEST_F(Kubeconfig, ExecPluginIsRead) {
  const auto access = read_kubeconfig(write_user(
      "exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: [a, b], "
      "env: [{name: N, value: v}], installHint: get it, provideClusterInfo: true}"));
  ASSERT_TRUE(access.exec);
  const std::vector<std::string> command = {(folder_.path() / "bin/login").string(), "a", "b"};
  EXPECT_EQ(access.exec->command, command);
  EXPECT_EQ(access.exec->environment.at("N"), "v");
  EXPECT_EQ(access.exec->install_hint, "get it");
  EXPECT_TRUE(access.exec->provide_cluster_info);
}

TEST_F(Kubeconfig, InsecureOnlyWhereTheFileSaysSo) {
  const auto text = [](const std::string& more) {
    return "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
           "clusters: [{name: c, cluster: {server: 'https://a'" +
           more + "}}]\n";
  };
  EXPECT_FALSE(read_kubeconfig(write("config", text(""))).insecure);
  EXPECT_TRUE(read_kubeconfig(write("config", text(", insecure-skip-tls-verify: true"))).insecure);
  EXPECT_THAT(problem_in(text(", insecure-skip-tls-verify: yes")), HasSubstr("true or false"));
  EXPECT_THAT(
      problem_in(text(", insecure-skip-tls-verify: true, certificate-authority-data: UEVN")),
      HasSubstr("contradict"));
}

TEST_F(Kubeconfig, ProblemsNameTheFileAndWhatIsMissing) {
  const auto path = (folder_.path() / "config").string();
  EXPECT_THAT(problem_in(whole, "prod"),
              AllOf(HasSubstr(path), HasSubstr("no context 'prod', only: staging, broken")));
  EXPECT_THAT(problem_in(whole, "broken"), AllOf(HasSubstr(path), HasSubstr("cluster 'nowhere'")));
  EXPECT_THAT(problem_in("contexts: [{name: a}]"), HasSubstr("choose one of: a"));
  EXPECT_THAT(problem_in("[]"), HasSubstr("no kubeconfig"));
  EXPECT_THAT(problem_in(""), HasSubstr("no kubeconfig"));
  EXPECT_THAT(problem_in("a: ["), HasSubstr("line "));
  EXPECT_THAT(problem_in("current-context: x\ncontexts: 3"), HasSubstr("contexts must be a list"));
  EXPECT_THAT(problem_of([] { read_kubeconfig("/nowhere/config"); }), HasSubstr("/nowhere/config"));
  EXPECT_THAT(problem_of([&] { read_kubeconfig(folder_.path()); }), HasSubstr("cannot read"));
}

TEST_F(Kubeconfig, ProblemsOfUsers) {
  const auto problem = [&](const std::string& user) {
    const auto path = write_user(user);
    return problem_of([&] { read_kubeconfig(path); });
  };
  EXPECT_THAT(problem("client-key-data: S0VZ"), HasSubstr("one is missing"));
  EXPECT_THAT(problem("client-certificate-data: '!!!', client-key-data: S0VZ"),
              HasSubstr("no base64"));
  EXPECT_THAT(problem("client-certificate: gone.pem"), HasSubstr("gone.pem"));
  EXPECT_THAT(problem("auth-provider: {name: gcp}"), HasSubstr("auth-provider"));
  EXPECT_THAT(problem("exec: {command: a}"), HasSubstr("apiVersion"));
  EXPECT_THAT(problem("exec: {command: a, apiVersion: client.authentication.k8s.io/v1alpha1}"),
              HasSubstr("v1beta1"));
  EXPECT_THAT(problem("exec: {apiVersion: client.authentication.k8s.io/v1}"),
              HasSubstr("'command'"));
}

TEST_F(Kubeconfig, Base64WithBytesBeyondAscii) {
  const auto path =
      write_user("client-certificate-data: \"\xe4\xe4\xe4\xe4\", client-key-data: S0VZ");
  EXPECT_THAT(problem_of([&] { read_kubeconfig(path); }), HasSubstr("no base64"));
}

TEST_F(Kubeconfig, ProblemsHoldNoSecret) {
  for (const std::string text : {
           "users: [{name: u, user: {token: *secret-token}}]",
           "users: [{name: u, user: {token: \"secret-token\\q\"}}]",
           "users:\n- secret-token: [\n",
           "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
           "clusters: [{name: c, cluster: {server: 'https://a'}}]\n"
           "users: [{name: u, user: {token: [secret-token]}}]",
           "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
           "clusters: [{name: c, cluster: {server: 'https://a'}}]\n"
           "users: [{name: u, user: {client-key: \"-----BEGIN\\nsecret-token\"}}]",
       }) {
    const auto problem = problem_in(text, "x");
    EXPECT_NE(problem, "no problem") << text;
    EXPECT_THAT(problem, Not(HasSubstr("secret-token"))) << text;
  }
}

TEST_F(Kubeconfig, FilesAreMerged_TheFirstCounts) {
  const auto a = write("a/config", R"(
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {tokenFile: t}}]
)");
  const auto b = write("b/config", R"(
current-context: x
contexts: [{name: x, context: {cluster: other}}, {name: y, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "https://b"}}]
users: [{name: u, user: {token: of-b}}]
)");
  ::setenv("KUBECONFIG", fmt::format("{}:/nowhere:{}", a.string(), b.string()).c_str(), 1);
  const auto access = default_cluster_access();
  EXPECT_EQ(access.context, "x");
  EXPECT_EQ(access.server, "https://b");
  EXPECT_EQ(access.token, "");
  EXPECT_EQ(access.token_file, folder_.path() / "a/t");
  EXPECT_EQ(default_cluster_access("y").context, "y");
  EXPECT_THAT(problem_of([] { default_cluster_access("z"); }),
              AllOf(HasSubstr(a.string()), HasSubstr(b.string()), HasSubstr("only: x, x, y")));
  ::setenv("KUBECONFIG", "/nowhere", 1);
  EXPECT_THAT(problem_of([] { default_cluster_access(); }), HasSubstr("/nowhere"));
}

// What a run in a pod has to undo is undone as that pod, whatever kubeconfig lies there.
TEST_F(Kubeconfig, InClusterIsNoContextOfAFile) {
  ::setenv("KUBECONFIG", write_user("{token: t}").c_str(), 1);
  EXPECT_THAT(problem_of([] { default_cluster_access("in-cluster"); }),
              HasSubstr("this is no pod"));
}

TEST_F(Kubeconfig, ServiceAccountOfAPod) {
  write("sa/token", "the token");
  write("sa/ca.crt", "the authority");
  write("sa/namespace", "brokers\n");
  EXPECT_THAT(problem_of([&] { in_cluster_access(folder_.path() / "sa"); }),
              HasSubstr("this is no pod"));
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto access = in_cluster_access(folder_.path() / "sa");
  EXPECT_EQ(access.server, "https://[fd00::1]:443");
  EXPECT_EQ(access.ca, "the authority");
  EXPECT_EQ(access.token_file, folder_.path() / "sa/token");
  EXPECT_EQ(access.default_namespace, "brokers");
  EXPECT_EQ(access.token, "");
}

TEST_F(Kubeconfig, WithoutAFileAndOutsideAPodBothAreNamed) {
  const char* home = ::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  ::setenv("HOME", (folder_.path() / "nobody").c_str(), 1);
  EXPECT_THAT(problem_of([] { default_cluster_access(); }),
              AllOf(HasSubstr("KUBECONFIG"), HasSubstr("this is no pod")));
  ::setenv("HOME", before.c_str(), 1);
}

TEST_F(Kubeconfig, PodWithoutAServiceAccountSaysSo) {
  ::setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto problem = [&] {
    return problem_of([&] { in_cluster_access(folder_.path() / "sa"); });
  };
  EXPECT_THAT(problem(), HasSubstr("automountServiceAccountToken"));
  write("sa/token", "the token");
  EXPECT_THAT(problem(), HasSubstr("ca.crt"));
  write("sa/ca.crt", "");  // would be the system's authorities
  EXPECT_THAT(problem(), HasSubstr("ca.crt"));
}

}  // namespace
}  // namespace faultline
