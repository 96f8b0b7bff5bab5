#include "harness/kubernetes/api/credentials.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "harness/cluster/process_table.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto v1 = "client.authentication.k8s.io/v1";

std::string problem_of(CredentialSource& source, const std::function<bool()>& cancelled = {}) {
  try {
    source.get(cancelled);
  } catch (const KubeconfigError& error) {
    return error.what();
  }
  return "no problem";
}

class CredentialsTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
  }

  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(file(name)).rdbuf();
    return text.str();
  }

  ClusterAccess token_file() const {
    ClusterAccess access;
    access.token_file = file("token");
    return access;
  }

  // A plugin that is a shell script; $1 is a secret.
  static ClusterAccess plugin(const std::string& script, const std::string& version = v1) {
    ClusterAccess access;
    access.server = "https://127.0.0.1:6443";
    access.exec = {version, {"sh", "-c", script, "sh", "secret-argument"}, {}, "get it", false};
    return access;
  }

  // One that counts its runs and prints token-1, token-2, ...
  ClusterAccess counting_plugin(const std::string& more = "") const {
    const auto count = file("count").string();
    return plugin(fmt::format(
        R"(echo x >> {}; echo "{{\"status\":{{\"token\":\"token-$(grep -c x {})\"{}}}}}")", count,
        count, more));
  }

  ClusterAccess expiring_plugin(const std::string& when) const {
    return counting_plugin(R"(,\"expirationTimestamp\":\")" + when + R"(\")");
  }

  // Now and so many seconds; as the clock of that zone says it.
  static std::string in(std::chrono::seconds seconds, std::chrono::hours zone = 0h,
                        const std::string& suffix = "Z") {
    const auto time =
        std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + seconds + zone);
    std::tm broken_down{};
    ::gmtime_r(&time, &broken_down);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &broken_down);
    return text + suffix;
  }

  static std::string second_token(const ClusterAccess& access) {
    CredentialSource source(access);
    EXPECT_EQ(source.get({}).token, "token-1");
    return source.get({}).token;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(CredentialsTest, WhatTheKubeconfigHolds) {
  ClusterAccess access;
  access.token = "t";
  access.client_certificate = "c";
  access.client_key = "k";
  CredentialSource source(access);
  EXPECT_EQ(source.get({}), (Credentials{"t", "c", "k"}));
  EXPECT_FALSE(source.refused(source.get({})));
}

TEST_F(CredentialsTest, ATokenFileIsReadAnewForEachRequest) {
  auto access = token_file();
  access.token = "of-the-kubeconfig";
  CredentialSource source(access);
  write("token", "one\r\n\n");
  const auto first = source.get({});
  EXPECT_EQ(first.token, "one");
  EXPECT_FALSE(source.refused(first));
  write("token", "two");
  EXPECT_TRUE(source.refused(first));
  EXPECT_EQ(source.get({}).token, "two");
}

TEST_F(CredentialsTest, ATokenFileWithoutAToken) {
  CredentialSource source(token_file());
  EXPECT_THAT(problem_of(source), HasSubstr(file("token").string()));
  write("token", "\n \n");
  EXPECT_THAT(problem_of(source), HasSubstr("no token in"));
  write("token", "secret\nX-Header: y");
  EXPECT_THAT(problem_of(source), AllOf(HasSubstr("is no token"), Not(HasSubstr("secret"))));
}

TEST_F(CredentialsTest, APluginWhoseWordDoesNotExpireIsRunOnce) {
  EXPECT_EQ(second_token(counting_plugin()), "token-1");
}

TEST_F(CredentialsTest, APluginIsRunAgainWhenItsWordHasExpired) {
  EXPECT_EQ(second_token(expiring_plugin(in(-1s))), "token-2");
}

TEST_F(CredentialsTest, APluginIsRunAgainShortlyBeforeItsWordExpires) {
  EXPECT_EQ(second_token(expiring_plugin(in(5s))), "token-2");
}

TEST_F(CredentialsTest, APluginIsNotRunAgainBeforeItsWordExpires) {
  EXPECT_EQ(second_token(expiring_plugin(in(1h))), "token-1");
}

TEST_F(CredentialsTest, AnExpiryThatCannotBeReadHasPassed) {
  EXPECT_EQ(second_token(expiring_plugin("soon")), "token-2");
}

TEST_F(CredentialsTest, AnExpiryInAnotherTimeZone_Passed) {
  EXPECT_EQ(second_token(expiring_plugin(in(-60s, 5h, ".123456+05:00"))), "token-2");
}

TEST_F(CredentialsTest, AnExpiryInAnotherTimeZone_ToCome) {
  EXPECT_EQ(second_token(expiring_plugin(in(1h, -8h, "-08:00"))), "token-1");
}

TEST_F(CredentialsTest, RefusedCredentialsAreNotShownAgain) {
  CredentialSource source(counting_plugin());
  const auto first = source.get({});
  EXPECT_TRUE(source.refused(first));
  EXPECT_EQ(source.get({}).token, "token-2");
  EXPECT_TRUE(source.refused(first));  // another thread, which is late
  EXPECT_EQ(source.get({}).token, "token-2");
}

TEST_F(CredentialsTest, APluginMayPrintACertificate) {
  CredentialSource source(
      plugin(R"(echo '{"status":{"clientCertificateData":"CERT","clientKeyData":"KEY"}}')"));
  EXPECT_EQ(source.get({}), (Credentials{"", "CERT", "KEY"}));
}

TEST_F(CredentialsTest, APluginHearsWhichVersionIsMeantAndItsEnvironment) {
  for (const std::string version : {v1, "client.authentication.k8s.io/v1beta1"}) {
    auto access = plugin("echo \"$KUBERNETES_EXEC_INFO\" > " + file("info").string() +
                             R"(; echo "{\"status\":{\"token\":\"$NAME-$1\"}}")",
                         version);
    access.exec->environment["NAME"] = "value";
    access.ca = "AUTHORITY";
    CredentialSource source(access);
    EXPECT_EQ(source.get({}).token, "value-secret-argument");
    EXPECT_EQ(json::parse(read("info")), (json{{"apiVersion", version},
                                               {"kind", "ExecCredential"},
                                               {"spec", {{"interactive", false}}}}));
  }
}

TEST_F(CredentialsTest, APluginHearsOfTheClusterWhereItIsAskedFor) {
  auto access = plugin("echo \"$KUBERNETES_EXEC_INFO\" > " + file("info").string() +
                       R"(; echo '{"status":{"token":"t"}}')");
  access.exec->provide_cluster_info = true;
  access.ca = "AUTHORITY";
  access.tls_server_name = "kubernetes";
  access.proxy = "http://proxy";
  CredentialSource(access).get({});
  EXPECT_EQ(json::parse(read("info"))["spec"]["cluster"],
            (json{{"server", access.server},
                  {"certificate-authority-data", "QVVUSE9SSVRZ"},
                  {"tls-server-name", "kubernetes"},
                  {"proxy-url", "http://proxy"}}));
  access.ca.clear();
  access.insecure = true;
  CredentialSource(access).get({});
  EXPECT_EQ(json::parse(read("info"))["spec"]["cluster"]["insecure-skip-tls-verify"], true);
}

TEST_F(CredentialsTest, APluginThatIsNotInstalled_HowToGetIt) {
  auto access = plugin("");
  access.exec->command[0] = "no-such-program-of-faultline";
  CredentialSource source(access);
  EXPECT_EQ(problem_of(source),
            "the credential plugin 'no-such-program-of-faultline' is not installed: get it");
}

TEST_F(CredentialsTest, APluginThatCannotBeRun) {
  auto access = plugin("");
  access.exec->command[0] = file("plugin").string();
  CredentialSource source(access);
  EXPECT_THAT(problem_of(source),
              AllOf(HasSubstr("could not be run"), Not(HasSubstr("secret-argument"))));
}

TEST_F(CredentialsTest, APluginThatFails) {
  CredentialSource source(plugin("echo secret-output; echo secret-error >&2; exit 3"));
  EXPECT_EQ(problem_of(source), "the credential plugin 'sh' ended with status 3: get it");
}

TEST_F(CredentialsTest, APluginThatFailedIsAskedAgain) {
  CredentialSource source(
      plugin("test -e " + file("done").string() + R"( && echo '{"status":{"token":"t"}}')"));
  EXPECT_NE(problem_of(source), "no problem");
  write("done", "");
  EXPECT_EQ(source.get({}).token, "t");
}

TEST_F(CredentialsTest, APluginThatHangsIsKilledWithItsChildren) {
  int child = 0;
  for (auto limit = 300ms; child == 0; limit *= 4) {  // so long that it has begun, here
    CredentialSource source(plugin("sleep 1000 & echo $! > " + file("pid").string() + "; wait"),
                            limit);
    EXPECT_THAT(problem_of(source), AllOf(HasSubstr(fmt::format("longer than {} ms", limit / 1ms)),
                                          Not(HasSubstr("secret-argument"))));
    std::ifstream(file("pid")) >> child;
  }
  EXPECT_TRUE(testing::eventually([&] { return !process_start_time(child); }));
}

TEST_F(CredentialsTest, APluginThatClosesItsOutputAndHangs) {
  CredentialSource source(plugin("exec >&- 2>&-; exec sleep 30"), 300ms);
  const auto begin = Clock::now();
  EXPECT_THAT(problem_of(source), HasSubstr("longer than 300 ms"));
  EXPECT_LT(Clock::now() - begin, 20s);
}

TEST_F(CredentialsTest, APluginIsCancelled) {
  CredentialSource source(plugin("sleep 1000"));
  EXPECT_EQ(problem_of(source, [] { return true; }), "interrupted");
}

TEST_F(CredentialsTest, APluginThatSaysNothingUseful) {
  for (const std::string said :
       {"", "secret", "[]", "{}", R"({"status":null})", R"({"status":["secret"]})",
        R"({"status":{"token":""}})", R"({"status":{"token":7}})",
        R"({"status":{"token":"secret\nX-Header: y"}})",
        R"({"status":{"clientKeyData":"secret"}})"}) {
    CredentialSource source(plugin("cat " + file("said").string()));
    write("said", said);
    EXPECT_THAT(problem_of(source), AllOf(HasSubstr("the credential plugin 'sh' printed"),
                                          HasSubstr(": get it"), Not(HasSubstr("secret"))))
        << said;
  }
}

TEST_F(CredentialsTest, APluginThatPrintsACertificateWithoutItsKey) {
  CredentialSource source(plugin(R"(echo '{"status":{"clientCertificateData":"C"}}')"));
  EXPECT_THAT(problem_of(source), HasSubstr("printed a certificate without its key"));
  CredentialSource other(plugin(R"(echo '{"status":{"token":"t","clientKeyData":"K"}}')"));
  EXPECT_THAT(problem_of(other), HasSubstr("printed a certificate without its key, or a key"));
}

TEST_F(CredentialsTest, ThreadsShareOneRunOfThePlugin) {
  CredentialSource source(counting_plugin());
  std::vector<std::jthread> threads;
  std::atomic<int> first = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { first += source.get({}).token == "token-1"; });
  threads.clear();
  EXPECT_EQ(first, 8);
}

}  // namespace
}  // namespace faultline
