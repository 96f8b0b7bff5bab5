#include "harness/kubernetes/api/kubernetes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/testing.h"
#include "harness/kubernetes/api/testing_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::impatient;
using ::testing::Not;
using testing::refusal_of;
using testing::status_reply;
using testing::StubObjects;
using testing::StubReply;
using testing::StubRequest;
using testing::StubServer;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto pods = "/api/v1/namespaces/n/pods";
constexpr auto pod = "/api/v1/namespaces/n/pods/p";

StubReply object() { return {200, R"({"metadata":{"name":"p","uid":"u"}})"}; }

// The replies in their order; the last one is repeated.
StubServer::Handler script(std::vector<StubReply> replies) {
  return [replies, next = std::make_shared<std::atomic<std::size_t>>(0)](const StubRequest&) {
    return replies[std::min(replies.size() - 1, (*next)++)];
  };
}

StubReply ending(StubReply::End end) {
  auto reply = object();
  reply.end = end;
  return reply;
}

ClusterAccess with_token(ClusterAccess access, const std::string& token) {
  access.token = token;
  return access;
}

TEST(Kubernetes, ARequestSaysWhatItWantsAndWhoAsks) {
  StubServer server(script({object()}));
  Kubernetes api(with_token(server.access(), "the-token"), impatient());
  api.get(pod, {{"labelSelector", "a=b, c"}, {"watch", "é"}});
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, std::string(pod) + "?labelSelector=a%3Db%2C%20c&watch=%C3%A9");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer the-token");
  EXPECT_THAT(request.headers.at("accept"), HasSubstr("application/json"));
  EXPECT_EQ(request.body, "");
}

TEST(Kubernetes, AUserAndPasswordAreShownWhereThereIsNoToken) {
  StubServer server(script({object()}));
  auto access = server.access();
  access.user = "me";
  access.password = "secret";
  Kubernetes(access, impatient()).get(pod);
  EXPECT_EQ(server.requests().at(0).headers.at("authorization"), "Basic bWU6c2VjcmV0");
  Kubernetes(with_token(access, "the-token"), impatient()).get(pod);
  EXPECT_EQ(server.requests().at(1).headers.at("authorization"), "Bearer the-token");
}

TEST(Kubernetes, NobodysProxyLeadsToThisMachine) {
  StubServer server(script({object()})), proxy(script({object()}));
  ::setenv("http_proxy", proxy.access().server.c_str(), 1);
  Kubernetes(server.access(), impatient()).get(pod);
  ::unsetenv("http_proxy");
  EXPECT_EQ(server.count("GET"), 1u);
  EXPECT_EQ(proxy.count("GET"), 0u);
}

TEST(Kubernetes, TheProxyOfTheKubeconfigIsUsed) {
  StubServer proxy(script({object()}));
  ClusterAccess access;
  access.server = "http://kubernetes.invalid";
  access.proxy = proxy.access().server;
  Kubernetes(access, impatient()).get(pod);
  EXPECT_EQ(proxy.requests().at(0).target, std::string("http://kubernetes.invalid") + pod);
}

TEST(Kubernetes, FindIsEmptyOnlyWhereThereIsNone) {
  StubServer server(script({status_reply(404, "NotFound", "no p"), object(),
                            status_reply(403, "Forbidden", "not you")}));
  Kubernetes api(server.access(), impatient());
  EXPECT_FALSE(api.find(pod));
  EXPECT_EQ(api.find(pod).value()["metadata"]["uid"], "u");
  EXPECT_EQ(refusal_of([&] { api.find(pod); }).status, 403);
}

TEST(Kubernetes, GetOfWhatIsNotThereIsAnError) {
  StubServer server(script({status_reply(404, "NotFound", "pods \"p\" not found")}));
  Kubernetes api(server.access(), impatient());
  const auto error = refusal_of([&] { api.get(pod); });
  EXPECT_EQ(error.status, 404);
  EXPECT_EQ(error.reason, "NotFound");
  EXPECT_STREQ(error.what(),
               "GET /api/v1/namespaces/n/pods/p: 404 Not Found: pods \"p\" not found");
  EXPECT_EQ(server.count("GET"), 1u);
}

TEST(Kubernetes, WhatIsNoJsonObjectIsNoKubernetes) {
  for (const std::string body : {"<html>", "", "[1]", "{\"a\":"}) {
    StubServer server(script({{200, body}}));
    Kubernetes api(server.access(), impatient());
    EXPECT_THAT(refusal_of([&] { api.get(pod); }).what(), HasSubstr("is this a Kubernetes API"))
        << body;
  }
}

TEST(Kubernetes, ATextIsLeftAsItIs) {
  StubServer server(script({{200, "a\n{b\n"}, status_reply(404, "NotFound", "no p")}));
  Kubernetes api(server.access(), impatient());
  EXPECT_EQ(api.text(std::string(pod) + "/log", {{"tailLines", "2"}}), "a\n{b\n");
  EXPECT_EQ(server.requests().at(0).parameter("tailLines"), "2");
  EXPECT_EQ(refusal_of([&] { api.text(pod); }).status, 404);
}

// A list in pages of one object each: 0, 1, 2.
StubReply page(const StubRequest& request) {
  const auto token = request.parameter("continue");
  const int number = token.empty() ? 0 : token.back() - '0';
  json answer{{"metadata", json::object()}, {"items", {{{"number", number}}}}};
  if (number < 2) answer["metadata"]["continue"] = "a b/+=&" + std::to_string(number + 1);
  return {200, answer.dump()};
}

TEST(KubernetesList, EveryPageIsRead) {
  StubServer server(page);
  Kubernetes api(server.access(), impatient());
  const json all = api.list(pods, {{"labelSelector", "x"}});
  EXPECT_EQ(all, (json{{{"number", 0}}, {{"number", 1}}, {{"number", 2}}}));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].parameter("continue"), "a%20b%2F%2B%3D%261");
  for (const auto& request : requests) {
    EXPECT_EQ(request.parameter("labelSelector"), "x");
    EXPECT_NE(request.parameter("limit"), "");
  }
}

TEST(KubernetesList, PagesThatAreTooOldAreReadAnewAllAtOnce) {
  StubServer server([](const StubRequest& request) -> StubReply {
    if (request.parameter("continue").ends_with('1')) return status_reply(410, "Expired", "old");
    if (!request.parameter("limit").empty()) return page(request);
    return {200, R"({"items":[{"number":7},{"number":8}]})"};
  });
  Kubernetes api(server.access(), impatient());
  const json all = api.list(pods, {{"labelSelector", "x"}});
  EXPECT_EQ(all, (json{{{"number", 7}}, {{"number", 8}}}));
  const auto last = server.requests().back();
  EXPECT_EQ(last.parameter("continue"), "");
  EXPECT_EQ(last.parameter("labelSelector"), "x");
}

TEST(KubernetesList, GoneBeforeTheFirstPageIsAnError) {
  StubServer server(script({status_reply(410, "Gone", "old")}));
  Kubernetes api(server.access(), impatient());
  EXPECT_EQ(refusal_of([&] { api.list(pods); }).status, 410);
  EXPECT_EQ(server.count("GET"), 1u);
}

TEST(KubernetesList, NoItemsAreWrittenAsNull) {
  StubServer server(script({{200, R"({"items":null})"}, {200, "{}"}}));
  Kubernetes api(server.access(), impatient());
  EXPECT_TRUE(api.list(pods).empty());
  EXPECT_TRUE(api.list(pods).empty());
}

TEST(KubernetesChange, EachHasItsMethodItsTypeAndItsBody) {
  StubServer server(script({object()}));
  Kubernetes api(server.access(), impatient());
  const json change{{"a", 1}};
  EXPECT_EQ(api.create(pods, change)["metadata"]["uid"], "u");
  EXPECT_EQ(api.replace(pod, change)["metadata"]["uid"], "u");
  EXPECT_EQ(api.patch(pod, change)["metadata"]["uid"], "u");
  api.patch(pod, change, Patch::strategic);
  api.patch(pod, json::array({change}), Patch::json);
  std::vector<std::string> seen;
  for (const auto& request : server.requests())
    seen.push_back(request.method + " " + request.headers.at("content-type") + " " + request.body);
  EXPECT_THAT(seen, ElementsAre("POST application/json {\"a\":1}",  //
                                "PUT application/json {\"a\":1}",
                                "PATCH application/merge-patch+json {\"a\":1}",
                                "PATCH application/strategic-merge-patch+json {\"a\":1}",
                                "PATCH application/json-patch+json [{\"a\":1}]"));
}

TEST(KubernetesChange, DeleteOptions) {
  StubServer server(script({object(), object(), status_reply(404, "NotFound", "no p")}));
  Kubernetes api(server.access(), impatient());
  EXPECT_TRUE(api.remove(pod));
  EXPECT_TRUE(api.remove(pod, {.grace = 0, .uid = "u", .background = false}));
  EXPECT_FALSE(api.remove(pod));
  const json plain{
      {"kind", "DeleteOptions"}, {"apiVersion", "v1"}, {"propagationPolicy", "Background"}};
  const json whole{{"kind", "DeleteOptions"},
                   {"apiVersion", "v1"},
                   {"propagationPolicy", "Foreground"},
                   {"gracePeriodSeconds", 0},
                   {"preconditions", {{"uid", "u"}}}};
  const auto requests = server.requests();
  EXPECT_EQ(json::parse(requests[0].body), plain);
  EXPECT_EQ(json::parse(requests[1].body), whole);
}

TEST(KubernetesRetries, WhatOnlyReadsIsAskedAgain) {
  for (const int status : {429, 500, 502, 503, 504}) {
    StubServer server(script({status_reply(status, "", ""), {status, "<html>"}, object()}));
    Kubernetes api(server.access(), impatient());
    EXPECT_EQ(api.get(pod)["metadata"]["uid"], "u") << status;
    EXPECT_EQ(server.count("GET"), 3u) << status;
  }
  for (const auto end : {StubReply::End::cut, StubReply::End::none}) {
    StubServer server(script({ending(end), ending(end), object()}));
    Kubernetes api(server.access(), impatient());
    EXPECT_EQ(api.find(pod).value()["metadata"]["uid"], "u");
  }
}

TEST(KubernetesRetries, NotForEver) {
  StubServer server(script({status_reply(503, "ServiceUnavailable", "starting")}));
  Kubernetes api(server.access(), impatient());
  const auto error = refusal_of([&] { api.get(pod); });
  EXPECT_EQ(error.status, 503);
  EXPECT_THAT(error.what(), HasSubstr("503 Service Unavailable: starting"));
  EXPECT_EQ(server.count("GET"), 3u);
}

TEST(KubernetesRetries, ARefusalIsFinal) {
  for (const int status : {400, 401, 403, 409, 410, 422}) {
    StubServer server(script({status_reply(status, "Some", "why"), object()}));
    Kubernetes api(server.access(), impatient());
    EXPECT_EQ(refusal_of([&] { api.get(pod); }).status, status);
    EXPECT_EQ(server.count("GET"), 1u) << status;
  }
}

TEST(KubernetesRetries, WhatChangesSomethingIsNeverAskedAgain) {
  const std::vector<StubReply> failures = {
      status_reply(429, "TooManyRequests", "budget"),
      status_reply(500, "InternalError", "x"),
      status_reply(503, "ServiceUnavailable", "x"),
      ending(StubReply::End::cut),
      ending(StubReply::End::none),
  };
  for (const auto& failure : failures) {
    StubServer server(script({failure}));
    Kubernetes api(server.access(), impatient());
    refusal_of([&] { api.create(pods, {}); });
    refusal_of([&] { api.replace(pod, {}); });
    refusal_of([&] { api.patch(pod, {}); });
    refusal_of([&] { api.remove(pod); });
    std::vector<std::string> methods;
    for (const auto& request : server.requests()) methods.push_back(request.method);
    EXPECT_THAT(methods, ElementsAre("POST", "PUT", "PATCH", "DELETE")) << failure.status;
  }
}

// On a connection that died while idle, libcurl would send it twice.
TEST(KubernetesRetries, WhatChangesSomethingGetsAConnectionOfItsOwn) {
  StubServer server(script({object()}));
  Kubernetes api(server.access(), impatient());
  api.get(pod);
  api.get(pod);
  api.patch(pod, {});
  api.create(pods, {});
  const auto requests = server.requests();
  EXPECT_EQ(requests[1].connection, requests[0].connection);
  EXPECT_NE(requests[2].connection, requests[1].connection);
  EXPECT_NE(requests[3].connection, requests[2].connection);
  EXPECT_NE(requests[3].connection, requests[1].connection);
}

TEST(KubernetesRetries, TheDeleteOfOneUidIsAskedAgain) {
  StubServer server(script({status_reply(503, "", ""), ending(StubReply::End::none), object()}));
  Kubernetes api(server.access(), impatient());
  EXPECT_TRUE(api.remove(pod, {.uid = "u"}));
  EXPECT_EQ(server.count("DELETE"), 3u);
}

class KubernetesRetryAfter : public ::testing::Test {
 protected:
  // How long a get takes whose first answer says so.
  static Clock::duration pause(const std::string& said, std::chrono::milliseconds most) {
    auto busy = status_reply(429, "TooManyRequests", "busy");
    busy.headers["Retry-After"] = said;
    StubServer server(script({busy, object()}));
    auto options = impatient();
    options.most_retry_after = most;
    Kubernetes api(server.access(), options);
    const auto begin = Clock::now();
    api.get(pod);
    EXPECT_EQ(server.count("GET"), 2u);
    return Clock::now() - begin;
  }
};

TEST_F(KubernetesRetryAfter, IsHonoured) { EXPECT_GE(pause("1", 300ms), 300ms); }

TEST_F(KubernetesRetryAfter, WithinBounds) {
  EXPECT_LT(pause("3600", 100ms), 60s);
  EXPECT_GE(pause("3600", 100ms), 100ms);
}

TEST_F(KubernetesRetryAfter, MoreThanANumberHoldsIsALot) {
  EXPECT_GE(pause("99999999999999999999", 200ms), 200ms);
}

TEST_F(KubernetesRetryAfter, ADateIsNoNumberOfSeconds) {
  EXPECT_LT(pause("Wed, 21 Oct 2015 07:28:00 GMT", 60s), 20s);
}

TEST(KubernetesConnection, NobodyThere) {
  auto access = StubServer(script({object()})).access();
  access.server.insert(access.server.find("127"), "me:secret@");
  Kubernetes api(access, impatient());
  const auto error = refusal_of([&] { api.get(pod); });
  EXPECT_EQ(error.status, 0);
  EXPECT_EQ(error.reason, "Unreachable");
  EXPECT_THAT(error.what(), AllOf(HasSubstr("GET /api/v1/namespaces/n/pods/p: no answer from"),
                                  HasSubstr("http://127.0.0.1:"), Not(HasSubstr("secret"))));
}

TEST(KubernetesConnection, CutInTheMiddleIsNoAnswer) {
  StubServer server(script({ending(StubReply::End::cut)}));
  Kubernetes api(server.access(), impatient());
  const auto error = refusal_of([&] { api.get(pod); });
  EXPECT_EQ(error.status, 0);
  EXPECT_EQ(server.count("GET"), 3u);
}

// Of a 404 that is cut short nothing may be concluded.
TEST(KubernetesConnection, ACut404IsNotWhatIsNotThere) {
  auto gone = status_reply(404, "NotFound", "no p");
  gone.end = StubReply::End::cut;
  StubServer server(script({gone}));
  Kubernetes api(server.access(), impatient());
  EXPECT_EQ(refusal_of([&] { api.find(pod); }).status, 0);
}

TEST(KubernetesConnection, ASlowBodyIsNotWaitedForLongerThanTheLimit) {
  StubServer server(script({ending(StubReply::End::hanging)}));
  auto options = impatient();
  options.request_limit = 300ms;
  Kubernetes api(server.access(), options);
  const auto begin = Clock::now();
  EXPECT_EQ(refusal_of([&] { api.create(pods, {}); }).status, 0);
  EXPECT_EQ(refusal_of([&] { api.get(pod); }).status, 0);
  EXPECT_LT(Clock::now() - begin, 20s);
  EXPECT_LE(server.count("GET"), 3u);
  EXPECT_LE(server.count("POST"), 1u);
}

TEST(KubernetesConnection, AnAnswerThatIsTooBigIsNotAskedForAgain) {
  for (const int status : {200, 500}) {
    StubServer server(script({{status, std::string(5'000, 'x')}}));
    auto options = impatient();
    options.most_bytes = 1'000;
    Kubernetes api(server.access(), options);
    EXPECT_THAT(refusal_of([&] { api.text(pod); }).what(), HasSubstr("too big"));
    EXPECT_EQ(server.count("GET"), 1u);
  }
}

TEST(KubernetesConnection, NoRedirectIsFollowed) {
  StubServer elsewhere(script({object()}));
  StubReply redirect{307, ""};
  redirect.headers["Location"] = elsewhere.access().server + pod;
  StubServer server(script({redirect}));
  Kubernetes api(with_token(server.access(), "secret"), impatient());
  EXPECT_THAT(refusal_of([&] { api.get(pod); }).what(), HasSubstr("307 : a redirect"));
  refusal_of([&] { api.create(pods, {}); });
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(KubernetesCancellation, EndsARequestThatHangs) {
  std::atomic<bool> cancelled = false;
  StubServer server([&](const StubRequest&) {
    cancelled = true;
    return ending(StubReply::End::hanging);
  });
  auto options = impatient();
  options.cancelled = [&] { return cancelled.load(); };
  Kubernetes api(server.access(), options);
  const auto begin = Clock::now();
  EXPECT_STREQ(refusal_of([&] { api.create(pods, {}); }).what(), "interrupted");
  EXPECT_STREQ(refusal_of([&] { api.get(pod); }).what(), "interrupted");
  EXPECT_LT(Clock::now() - begin, 20s);
  EXPECT_LE(server.requests().size(), 2u);
}

TEST(KubernetesCancellation, EndsThePauseBeforeARetry) {
  std::atomic<bool> cancelled = false;
  StubServer server([&](const StubRequest&) {
    cancelled = true;
    auto busy = status_reply(503, "", "");
    busy.headers["Retry-After"] = "60";
    return busy;
  });
  auto options = impatient();
  options.cancelled = [&, asked = 0]() mutable { return cancelled && ++asked > 2; };
  Kubernetes api(server.access(), options);
  const auto begin = Clock::now();
  refusal_of([&] { api.get(pod); });
  EXPECT_LT(Clock::now() - begin, 20s);
}

TEST(KubernetesCancellation, WhatItThrowsComesOut) {
  StubServer server(script({ending(StubReply::End::hanging)}));
  auto options = impatient();
  options.cancelled = []() -> bool { throw std::logic_error("of the caller"); };
  Kubernetes api(server.access(), options);
  EXPECT_THROW(api.get(pod), std::logic_error);
}

// Whatever a server answers, also one that tells what it was shown.
TEST(KubernetesErrors, AreOneLineWithoutSecrets) {
  const std::string token = "secret-token", password = "secret-password";
  for (const std::string text : {"who is secret-token?", "secret-password\nand\r\n\x1b[2Jmore"})
    for (const int status : {400, 403, 409, 422, 500}) {
      StubServer server(script({status_reply(status, text, text + std::string(5'000, 'x'))}));
      auto access = server.access();
      access.user = "me";
      access.password = password;
      for (const auto& shown : {with_token(access, token), access}) {
        Kubernetes api(shown, impatient());
        const auto error = refusal_of([&] { api.create(pods, {}); });
        const std::string what = error.what();
        EXPECT_EQ(error.status, status);
        EXPECT_TRUE(std::ranges::none_of(what, [](unsigned char c) { return std::iscntrl(c); }))
            << what;
        EXPECT_LT(what.size(), 1'000u);
        for (const auto& secret : {token, password})
          if (secret == password || !shown.token.empty()) {
            EXPECT_THAT(what, Not(HasSubstr(secret)));
            EXPECT_THAT(error.reason, Not(HasSubstr(secret)));
          }
      }
    }
}

TEST(KubernetesErrors, APasswordThatIsEchoedAsItWasSentIsHiddenToo) {
  StubServer server([](const StubRequest& request) {
    return status_reply(403, "Forbidden", request.headers.at("authorization"));
  });
  auto access = server.access();
  access.user = "me";
  access.password = "secret-password";
  Kubernetes api(access, impatient());
  EXPECT_STREQ(refusal_of([&] { api.get(pod); }).what(),
               "GET /api/v1/namespaces/n/pods/p: 403 Forbidden: Basic (hidden)");
}

TEST(KubernetesErrors, ATokenThatJsonEscapesIsHiddenToo) {
  const std::string token = "secret\"&/token";
  StubServer server(script({{403, R"({"kind":"Status","message":"not secret\"\u0026\/token"})"}}));
  Kubernetes api(with_token(server.access(), token), impatient());
  EXPECT_THAT(refusal_of([&] { api.get(pod); }).what(), Not(HasSubstr("secret\"")));
}

TEST(KubernetesErrors, APageInsteadOfAStatusIsNotQuoted) {
  StubServer server(script({{502, "<html>secret-token\n</html>"}}));
  Kubernetes api(server.access(), impatient());
  EXPECT_STREQ(refusal_of([&] { api.create(pods, {}); }).what(),
               "POST /api/v1/namespaces/n/pods: 502 ");
}

TEST(KubernetesErrors, OfASecretNothingIsQuoted) {
  StubServer server(script({status_reply(422, "Invalid", "data: cGFzc3dvcmQ=")}));
  Kubernetes api(server.access(), impatient());
  EXPECT_STREQ(refusal_of([&] { api.create("/api/v1/namespaces/n/secrets", {}); }).what(),
               "POST /api/v1/namespaces/n/secrets: 422 Unprocessable Entity");
}

TEST(KubernetesErrors, ThePasswordOfAProxyIsNotTold) {
  for (const std::string proxy : {"foo://me:secret@127.0.0.1:1", "http://me:secret@[::1",
                                  "http://me:secret@127.0.0.1:port"}) {
    ClusterAccess access;
    access.server = "http://kubernetes.invalid";
    access.proxy = proxy;
    Kubernetes api(access, impatient());
    EXPECT_THAT(refusal_of([&] { api.get(pod); }).what(), Not(HasSubstr("secret"))) << proxy;
  }
}

TEST(KubernetesCredentials, ATokenThatIsRefusedIsNotShownAgain) {
  StubServer server(script({status_reply(401, "Unauthorized", "Unauthorized")}));
  Kubernetes api(with_token(server.access(), "old"), impatient());
  EXPECT_THAT(refusal_of([&] { api.get(pod); }).what(),
              AllOf(HasSubstr("401 Unauthorized"), HasSubstr("log in again")));
  EXPECT_EQ(server.count("GET"), 1u);
}

// Refused before anything was done, so that even a POST may be sent again.
TEST(KubernetesCredentials, ATokenFileThatHasChangedIsShownAnew) {
  const testing::TemporaryFolder folder;
  const auto file = folder.path() / "token";
  StubServer server([&](const StubRequest& request) {
    const bool fresh = request.headers.at("authorization") == "Bearer new";
    if (!fresh) std::ofstream(file) << "new\n";
    return fresh ? object() : status_reply(401, "Unauthorized", "Unauthorized");
  });
  auto access = server.access();
  access.token_file = file;
  std::ofstream(file) << "old\n";
  Kubernetes api(access, impatient());
  EXPECT_NO_THROW(api.create(pods, {}));
  EXPECT_EQ(server.count("POST"), 2u);
}

TEST(KubernetesCredentials, ThePluginIsAskedAgainOnceAfter401) {
  const testing::TemporaryFolder folder;
  const auto count = (folder.path() / "count").string();
  StubServer server([](const StubRequest& request) {
    return request.headers.at("authorization") == "Bearer token-2"
               ? object()
               : status_reply(401, "Unauthorized", "Unauthorized");
  });
  auto access = server.access();
  access.exec = {"client.authentication.k8s.io/v1",
                 {"sh", "-c",
                  "echo x >> " + count + "; echo '{\"status\":{\"token\":\"token-'$(wc -l < " +
                      count + ")'\"}}'"},
                 {},
                 "",
                 false};
  Kubernetes api(access, impatient());
  EXPECT_NO_THROW(api.get(pod));
  EXPECT_NO_THROW(api.get(pod));
  EXPECT_EQ(server.count("GET"), 3u);
}

// An API server that serves these lists of resources.
StubServer::Handler serving(std::map<std::string, json> lists) {
  return [lists = std::move(lists)](const StubRequest& request) -> StubReply {
    if (request.method == "POST")
      return {201, json{{"made", request.path()}, {"body", json::parse(request.body)}}.dump()};
    const auto found = lists.find(request.path());
    if (found == lists.end()) return status_reply(404, "NotFound", "not served");
    return {200, json{{"kind", "APIResourceList"}, {"resources", found->second}}.dump()};
  };
}

json eviction(const std::string& version) {
  return {
      {"name", "pods/eviction"}, {"kind", "Eviction"}, {"group", "policy"}, {"version", version}};
}

const json budgets = json::array({{{"name", "poddisruptionbudgets"}, {"namespaced", true}}});

TEST(KubernetesDiscovery, BudgetsAndEvictionsEachHaveTheirVersion) {
  struct Case {
    std::map<std::string, json> lists;
    std::string budget, eviction;
  };
  const json old = json::array({{{"name", "pods"}}, eviction("v1beta1")});
  const json now = json::array({{{"name", "pods"}}, eviction("v1")});
  for (const auto& [lists, budget, evict] : std::vector<Case>{
           {{{"/api/v1", old}, {"/apis/policy/v1beta1", budgets}},
            "policy/v1beta1",
            "policy/v1beta1"},
           {{{"/api/v1", old}, {"/apis/policy/v1", budgets}, {"/apis/policy/v1beta1", budgets}},
            "policy/v1",
            "policy/v1beta1"},
           {{{"/api/v1", now}, {"/apis/policy/v1", budgets}}, "policy/v1", "policy/v1"}}) {
    StubServer server(serving(lists));
    Kubernetes api(server.access(), impatient());
    EXPECT_EQ(api.budget_version(), budget);
    EXPECT_EQ(api.eviction_version(), evict);
    EXPECT_EQ(api.budget_version(), budget);
    EXPECT_EQ(server.count("GET"), 2u);  // asked once
  }
}

TEST(KubernetesDiscovery, AClusterWithoutEvictions) {
  StubServer server(serving({{"/api/v1", json::array({{{"name", "pods"}}})}}));
  Kubernetes api(server.access(), impatient());
  EXPECT_THAT(refusal_of([&] { api.eviction_version(); }).what(), HasSubstr("no evictions"));
}

TEST(KubernetesDiscovery, WhatIsServed) {
  StubServer server(serving({{"/apis/policy/v1", budgets}}));
  Kubernetes api(server.access(), impatient());
  EXPECT_TRUE(api.serves("policy/v1", "poddisruptionbudgets"));
  EXPECT_FALSE(api.serves("policy/v1", "podsecuritypolicies"));
  EXPECT_FALSE(api.serves("policy/v2", "poddisruptionbudgets"));
}

TEST(KubernetesDiscovery, WhatIsNoListOfResourcesHoldsNone) {
  for (const json& odd : {json("x"), json(nullptr), json(7), json::object(), json{1, "x", nullptr},
                          json{{{"name", 7}, {"kind", nullptr}, {"group", 1}}}}) {
    StubServer server(serving({{"/api/v1", odd}, {"/apis/policy/v1", odd}}));
    Kubernetes api(server.access(), impatient());
    EXPECT_FALSE(api.serves("policy/v1", "poddisruptionbudgets")) << odd;
    EXPECT_EQ(refusal_of([&] { api.eviction_version(); }).status, 404) << odd;
    const json pod_object{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "p"}}}};
    EXPECT_EQ(refusal_of([&] { api.create_from_manifest(pod_object); }).status, 404) << odd;
  }
}

TEST(KubernetesDiscovery, AFailureIsNotRememberedAsNotServed) {
  StubServer server(script({status_reply(503, "", ""),
                            status_reply(503, "", ""),
                            status_reply(503, "", ""),
                            {200, json{{"resources", budgets}}.dump()}}));
  Kubernetes api(server.access(), impatient());
  EXPECT_EQ(refusal_of([&] { api.serves("policy/v1", "poddisruptionbudgets"); }).status, 503);
  EXPECT_TRUE(api.serves("policy/v1", "poddisruptionbudgets"));
}

TEST(KubernetesAllowed, TheReviewNamesWhatIsAsked) {
  StubServer server(script({{201, R"({"status":{"allowed":true}})"},
                            {201, R"({"status":{"allowed":false,"denied":true}})"},
                            {201, R"({"status":{"allowed":"true"}})"},
                            {201, "{}"}}));
  Kubernetes api(server.access(), impatient());
  EXPECT_TRUE(api.allowed("create", "", "pods/eviction", "n", "p"));
  EXPECT_FALSE(api.allowed("list", "apps", "statefulsets", ""));
  EXPECT_FALSE(api.allowed("list", "apps", "statefulsets", ""));
  EXPECT_FALSE(api.allowed("list", "apps", "statefulsets", ""));
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].path(), "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  const auto attributes = [&](std::size_t i) {
    return json::parse(requests[i].body)["spec"]["resourceAttributes"];
  };
  EXPECT_EQ(attributes(0), (json{{"verb", "create"},
                                 {"group", ""},
                                 {"resource", "pods"},
                                 {"subresource", "eviction"},
                                 {"namespace", "n"},
                                 {"name", "p"}}));
  EXPECT_EQ(
      attributes(1),
      (json{{"verb", "list"}, {"group", "apps"}, {"resource", "statefulsets"}, {"namespace", ""}}));
}

class KubernetesManifest : public ::testing::Test {
 protected:
  static json manifest(const std::string& version, const std::string& kind,
                       const json& metadata = {{"name", "x"}}) {
    return {{"apiVersion", version}, {"kind", kind}, {"metadata", metadata}};
  }

  static StubServer::Handler resources() {
    return serving(
        {{"/api/v1", json::array({{{"name", "pods/status"}, {"kind", "Pod"}, {"namespaced", true}},
                                  {{"name", "pods"}, {"kind", "Pod"}, {"namespaced", true}},
                                  {{"name", "nodes"}, {"kind", "Node"}, {"namespaced", false}}})},
         {"/apis/apps/v1",
          json::array(
              {{{"name", "statefulsets"}, {"kind", "StatefulSet"}, {"namespaced", true}}})}});
  }
};

TEST_F(KubernetesManifest, EachKindHasItsPlace) {
  StubServer server(resources());
  auto access = server.access();
  access.default_namespace = "mine";
  Kubernetes api(access, impatient());
  const auto place = [&](const json& object) {
    const auto answer = api.create_from_manifest(object);
    EXPECT_EQ(answer["body"], object);
    return answer["made"];
  };
  EXPECT_EQ(place(manifest("v1", "Pod", {{"name", "x"}, {"namespace", "n"}})),
            "/api/v1/namespaces/n/pods");
  EXPECT_EQ(place(manifest("v1", "Pod")), "/api/v1/namespaces/mine/pods");
  EXPECT_EQ(place(manifest("v1", "Node", {{"name", "x"}, {"namespace", "n"}})), "/api/v1/nodes");
  EXPECT_EQ(place(manifest("apps/v1", "StatefulSet")),
            "/apis/apps/v1/namespaces/mine/statefulsets");
}

TEST_F(KubernetesManifest, AKindThatTheClusterDoesNotKnow) {
  StubServer server(resources());
  Kubernetes api(server.access(), impatient());
  for (const auto& object : {manifest("v1", "Gateway"), manifest("gateway/v1", "Gateway")}) {
    const auto error = refusal_of([&] { api.create_from_manifest(object); });
    EXPECT_EQ(error.status, 404);
    EXPECT_THAT(error.what(), HasSubstr("knows no Gateway of "));
  }
  EXPECT_EQ(server.count("POST"), 0u);
}

TEST_F(KubernetesManifest, WhatExistsAlreadyIsLeftAsItIs) {
  StubObjects objects([&](const StubRequest& request) -> std::optional<StubReply> {
    if (request.path() != "/api/v1") return {};
    return resources()(request);
  });
  const auto path = "/api/v1/nodes/x";
  objects.put(path, {{"mark", "theirs"}});
  StubServer server(std::ref(objects));
  Kubernetes api(server.access(), impatient());
  EXPECT_EQ(api.create_from_manifest(manifest("v1", "Node"))["mark"], "theirs");
  EXPECT_EQ(objects.find(path).value()["mark"], "theirs");
}

TEST_F(KubernetesManifest, AnyOtherConflictIsAnError) {
  StubServer server([](const StubRequest& request) {
    return request.method == "POST" ? status_reply(409, "Conflict", "being deleted")
                                    : resources()(request);
  });
  Kubernetes api(server.access(), impatient());
  EXPECT_EQ(refusal_of([&] { api.create_from_manifest(manifest("v1", "Node")); }).reason,
            "Conflict");
}

TEST(KubernetesThreads, OneClientServesThemAll) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "token") << "t";
  StubObjects objects([n = std::make_shared<std::atomic<int>>(0)](
                          const StubRequest& request) -> std::optional<StubReply> {
    if (request.path() == "/api/v1")
      return serving({{"/api/v1", json::array({eviction("v1")})}})(request);
    if (request.method == "GET" && ++*n % 7 == 0) return status_reply(503, "", "");
    return {};
  });
  StubServer server(std::ref(objects));
  auto access = server.access();
  access.token_file = folder.path() / "token";
  auto options = impatient();
  options.attempts = 50;
  Kubernetes api(access, options);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&api, t] {
      for (int i = 0; i < 10; ++i) {
        const auto name = std::to_string(t) + "-" + std::to_string(i);
        api.create(pods, {{"metadata", {{"name", name}}}});
        EXPECT_EQ(api.get(std::string(pods) + "/" + name)["metadata"]["name"], name);
        EXPECT_EQ(api.eviction_version(), "policy/v1");
      }
    });
  threads.clear();
  EXPECT_EQ(api.list(pods).size(), 60u);
}

}  // namespace
}  // namespace faultline
