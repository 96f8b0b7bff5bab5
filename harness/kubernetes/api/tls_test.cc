#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/api/transport.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using testing::Certificate;
using ::testing::HasSubstr;
using testing::impatient;
using testing::make_authority;
using testing::make_certificate;
using testing::refusal_of;
using testing::StubReply;
using testing::StubRequest;
using testing::StubServer;
using testing::StubTls;
using namespace std::chrono_literals;

constexpr auto path = "/api/v1/nodes/w";

class TlsTest : public ::testing::Test {
 protected:
  static StubReply node(const StubRequest&) { return {200, R"({"metadata":{"name":"w"}})"}; }

  StubTls tls(const testing::CertificateWish& wish = {}) const {
    return {make_certificate(authority_, wish)};
  }

  // Of a kubeconfig that names this authority.
  ClusterAccess trusting(const StubServer& server) const {
    auto access = server.access();
    access.ca = authority_.certificate;
    return access;
  }

  static void expect_reached(const ClusterAccess& access) {
    EXPECT_EQ(Kubernetes(access, impatient()).get(path)["metadata"]["name"], "w");
  }

  // Refused for good: it is not asked again. The problem, which is one line.
  static std::string refusal(const ClusterAccess& access) {
    ApiRequest request{"GET", path, {}};
    const auto reply = Transport(access).send(
        request, {access.token, access.client_certificate, access.client_key});
    EXPECT_TRUE(reply.hopeless) << reply.problem;
    const auto error = refusal_of([&] { Kubernetes(access, impatient()).get(path); });
    EXPECT_EQ(error.status, 0);
    const std::string what = error.what();
    EXPECT_THAT(what, HasSubstr("GET /api/v1/nodes/w: no answer from the API server https://"));
    EXPECT_EQ(what.find('\n'), what.npos);
    return what;
  }

  const Certificate authority_ = make_authority("authority of the test");
};

TEST_F(TlsTest, AServerOfTheNamedAuthority) {
  StubServer server(node, tls());
  expect_reached(trusting(server));
}

TEST_F(TlsTest, AServerOfAnUnknownAuthority) {
  StubServer server(node, tls());
  auto access = server.access();
  access.token = "secret";
  EXPECT_THAT(refusal(access), HasSubstr("certificate"));
  access.ca = make_authority("another").certificate;
  EXPECT_THAT(refusal(access), HasSubstr("certificate"));
  EXPECT_TRUE(server.requests().empty());
}

// As of a cluster that was made anew, on the same port.
TEST_F(TlsTest, AnAuthorityOfTheSameNameWithAnotherKey) {
  for (const auto kind : {testing::KeyKind::elliptic, testing::KeyKind::rsa}) {
    const auto now = make_authority("kubernetes", kind),
               before = make_authority("kubernetes", kind);
    StubServer server(node, StubTls{make_certificate(now)});
    auto access = server.access();
    access.ca = before.certificate;
    EXPECT_THAT(refusal(access), HasSubstr("certificate is not of the certificate authority"));
  }
}

TEST_F(TlsTest, AServerOfAnotherName) {
  StubServer server(node, tls({.host = "kubernetes.invalid"}));
  EXPECT_THAT(refusal(trusting(server)), HasSubstr("127.0.0.1"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TlsTest, AServerWhoseCertificateHasExpired) {
  StubServer server(node, tls({.expired = true}));
  EXPECT_THAT(refusal(trusting(server)), HasSubstr("certificate has expired"));
}

TEST_F(TlsTest, AnAuthorityThatIsNoCertificate) {
  StubServer server(node, tls());
  auto access = server.access();
  access.ca = "no PEM";
  EXPECT_THAT(refusal(access), HasSubstr("certificate"));
}

TEST_F(TlsTest, InsecureOnlyWhereTheFileSaysSo) {
  const testing::TemporaryFolder folder;
  const auto file = folder.path() / "config";
  StubServer server(node, tls({.host = "kubernetes.invalid", .expired = true}));
  const auto read = [&](const std::string& more) {
    std::ofstream(file) << fmt::format(
        "current-context: x\ncontexts: [{{name: x, context: {{cluster: c}}}}]\n"
        "clusters: [{{name: c, cluster: {{server: '{}'{}}}}}]\n",
        server.access().server, more);
    return read_kubeconfig(file);
  };
  refusal(read(""));
  refusal(read(", insecure-skip-tls-verify: false"));
  EXPECT_TRUE(server.requests().empty());
  expect_reached(read(", insecure-skip-tls-verify: true"));
}

TEST_F(TlsTest, ServerNameIsAskedForInsteadOfTheAddress) {
  StubServer server(node, tls({.host = "kubernetes.invalid"}));
  auto access = trusting(server);
  access.tls_server_name = "kubernetes.invalid";
  expect_reached(access);
  access.tls_server_name = "another.invalid";
  EXPECT_THAT(refusal(access), HasSubstr("another.invalid"));
}

TEST_F(TlsTest, ServerNameLeavesThePathOfTheServer) {
  StubServer server(node, tls({.host = "kubernetes.invalid"}));
  auto access = trusting(server);
  access.server += "/clusters/c";
  access.tls_server_name = "kubernetes.invalid";
  expect_reached(access);
  EXPECT_EQ(server.requests().at(0).target, std::string("/clusters/c") + path);
}

TEST_F(TlsTest, AClientCertificateIsShown) {
  const auto clients = make_authority("of clients");
  auto wanting = tls();
  wanting.client_authority = clients.certificate;
  StubServer server(node, wanting);
  auto access = trusting(server);
  const auto own = make_certificate(clients, {.host = "me"});
  access.client_certificate = own.certificate;
  access.client_key = own.key;
  expect_reached(access);
}

TEST_F(TlsTest, AClientCertificateIsRequired) {
  auto wanting = tls();
  wanting.client_authority = make_authority("of clients").certificate;
  StubServer server(node, wanting);
  auto access = trusting(server);
  const auto what = refusal_of([&] { Kubernetes(access, impatient()).get(path); });
  EXPECT_EQ(what.status, 0);
  EXPECT_THAT(what.what(), HasSubstr("certificate required"));
  const auto own = make_certificate(make_authority("another"), {.host = "me"});
  access.client_certificate = own.certificate;
  access.client_key = own.key;
  EXPECT_EQ(refusal_of([&] { Kubernetes(access, impatient()).get(path); }).status, 0);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TlsTest, AKeyThatDoesNotFitItsCertificate) {
  StubServer server(node, tls());
  auto access = trusting(server);
  access.client_certificate = make_certificate(authority_).certificate;
  access.client_key = make_certificate(authority_).key;
  refusal(access);
}

TEST_F(TlsTest, AServerWithoutTls) {
  StubServer server(node);
  auto access = server.access();
  access.server.replace(0, 4, "https");
  const auto error = refusal_of([&] { Kubernetes(access, impatient()).get(path); });
  EXPECT_EQ(error.status, 0);
  EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace faultline
