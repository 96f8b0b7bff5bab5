// The webhook, against Python's HTTP server, its signature checked by Python's hmac.
#include "harness/webhook.h"

#include <gtest/gtest.h>

#include <boost/process.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "harness/report/testing.h"

namespace faultline {
namespace {

namespace bp = boost::process;
using namespace std::chrono_literals;
using testing::make_suite;

constexpr const char* secret = "It's a Secret to Everybody";

// Answers one POST with `status`, then prints what it got: the path, whether the signature is
// that of the secret, and the body.
constexpr const char* server_program = R"(
import hashlib, hmac, http.server, json, sys
status, secret, delay = int(sys.argv[1]), sys.argv[2].encode(), float(sys.argv[3])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        import time; time.sleep(delay)
        body = self.rfile.read(int(self.headers['Content-Length']))
        wanted = 'sha256=' + hmac.new(secret, body, hashlib.sha256).hexdigest()
        got = self.headers.get('X-Faultline-Signature-256', '')
        self.send_response(status)
        self.send_header('Location', '/elsewhere')
        self.send_header('Content-Length', '0')
        self.end_headers()
        self.server.seen = {'path': self.path, 'type': self.headers['Content-Type'],
                            'agent': self.headers['User-Agent'], 'signature': got,
                            'signed': hmac.compare_digest(wanted, got),
                            'body': body.decode()}
    def log_message(self, *_): pass
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.handle_request()
print(json.dumps(server.seen), flush=True)
)";

class Server {
 public:
  explicit Server(int status, double delay = 0)
      : child_(bp::search_path("python3"), "-c", server_program, std::to_string(status), secret,
               std::to_string(delay), bp::std_out > out_, bp::std_err > bp::null) {
    std::getline(out_, port_);
  }
  ~Server() {
    if (child_.running()) child_.terminate();
  }
  std::string url() const { return "http://user:hunter2@127.0.0.1:" + port_ + "/hook?token=xyz"; }
  nlohmann::json seen() {
    std::string line;
    std::getline(out_, line);
    return nlohmann::json::parse(line);
  }

 private:
  bp::ipstream out_;
  bp::child child_;
  std::string port_;
};

std::string post(const std::string& url, std::chrono::milliseconds limit = 30s) {
  return post_webhook(url, secret, R"({"schema":"x"})", "0.1.0", limit);
}

TEST(Webhook, ArrivesSigned) {
  Server server(204);
  const std::string body =
      webhook_body(make_suite({testing::make_failed()}), "0.1.0", exit_violation);
  EXPECT_EQ(post_webhook(server.url(), secret, body, "0.1.0", 30s), "");
  const nlohmann::json seen = server.seen();
  EXPECT_EQ(seen["path"], "/hook?token=xyz");
  EXPECT_EQ(seen["type"], "application/json");
  EXPECT_EQ(seen["agent"], "faultline/0.1.0");
  EXPECT_TRUE(seen["signed"]) << seen;
  EXPECT_EQ(seen["body"], body);
}

TEST(Webhook, AnotherSecretIsSeen) {
  Server server(204);
  EXPECT_EQ(post_webhook(server.url(), "another", "{}", "0.1.0", 30s), "");
  EXPECT_FALSE(server.seen()["signed"]);
}

TEST(Webhook, WithoutASecretIsNotSigned) {
  Server server(200);
  EXPECT_EQ(post_webhook(server.url(), "", "{}", "0.1.0", 30s), "");
  EXPECT_EQ(server.seen()["signature"], "");
}

// GitHub's own example: docs.github.com, "Validating webhook deliveries".
TEST(Webhook, SignsAsGitHubDoes) {
  EXPECT_EQ(signature(secret, "Hello, World!"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST(Webhook, OneThatIsAwayIsOneLineWithoutSecrets) {
  Server refuses(500), redirects(302);
  for (const std::string& problem :
       {post(refuses.url()), post(redirects.url()), post("http://user:hunter2@127.0.0.1:1/xyz"),
        post("http://user:hunter2@nowhere.invalid/xyz")}) {
    EXPECT_NE(problem, "");
    for (const char* hidden : {"hunter2", "xyz", "Everybody", "\n"})
      EXPECT_EQ(problem.find(hidden), std::string::npos) << problem;
  }
}

TEST(Webhook, IsBoundedInTime) {
  Server slow(200, 60);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_NE(post(slow.url(), 300ms), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
}

TEST(Webhook, UrlsThatCannotBe) {
  for (const char* bad : {"", "nonsense", "ftp://example.org/", "file:///etc/passwd", "http://",
                          "https://a b/", "javascript:alert(1)"})
    EXPECT_NE(webhook_url_problem(bad), "") << bad;
  EXPECT_EQ(webhook_url_problem("https://example.org/x?y=z"), "");
}

TEST(WebhookBody, SaysWhatCameOut) {
  RunResult retried = testing::make_broken();
  retried.retried = {{"broker-leader", "n2 exited"}};
  const auto body = nlohmann::json::parse(
      webhook_body(make_suite({testing::make_passed(), testing::make_known(), retried}), "0.1.0",
                   exit_violation));
  EXPECT_EQ(body["schema"], webhook_schema);
  EXPECT_EQ(body["outcome"], "fail");
  EXPECT_EQ(body["exit_code"], 1);
  EXPECT_EQ(body["runs"], 3);
  EXPECT_EQ(body["counts"], (nlohmann::json{{"pass", 1}, {"fail", 1}, {"broken", 1}}));
  ASSERT_EQ(body["not_passed"].size(), 2u);
  EXPECT_EQ(body["not_passed"][0]["scenario"], "memory-storage");
  EXPECT_EQ(body["not_passed"][0]["known"]["id"], "nats-server#6888");
  EXPECT_EQ(body["not_passed"][0]["reason"], "fail: lost 1204 of 9876 acknowledged (12 %)");
  EXPECT_EQ(body["not_passed"][1]["retries"], 1);
}

TEST(WebhookBody, NamesWhatWasBuiltToFailAndPassed) {
  RunResult run = testing::make_passed();
  run.scenario.set = "built-to-fail";
  const auto body = nlohmann::json::parse(
      webhook_body(make_suite({testing::make_passed(), run}), "0.1.0", exit_violation));
  ASSERT_EQ(body["not_passed"].size(), 1u);
  EXPECT_EQ(body["not_passed"][0]["reason"],
            "built to fail, and did not: pass: lost none of 9876 acknowledged");
}

TEST(WebhookBody, HoldsNoSecretAndNothingOfTheMachine) {
  RunResult run = testing::make_broken();
  run.reason =
      "nats://user:hunter2@n2 refused (what was recorded by then is in "
      "/results/20261122T230131Z-ab12/broker-leader/history.flt)";
  run.scenario.title = "bytes \xff that are no UTF-8, token=hunter2";
  SuiteResult suite = make_suite({run});
  suite.problem = "password: hunter2";
  const std::string body = webhook_body(suite, "0.1.0", exit_broken);
  EXPECT_EQ(body.find("hunter2"), body.npos) << body;
  EXPECT_EQ(body.find("/results/"), body.npos) << body;
  EXPECT_NE(body.find("20261122T230131Z-ab12/broker-leader/history.flt"), body.npos) << body;
  EXPECT_TRUE(nlohmann::json::accept(body)) << body;
}

TEST(WebhookBody, IsBoundedHoweverMuchFails) {
  std::vector<RunResult> runs(5000, testing::make_failed());
  for (RunResult& run : runs) run.judgement.summary = std::string(100'000, 'x');
  const std::string body = webhook_body(make_suite(std::move(runs)), "0.1.0", exit_violation);
  EXPECT_LT(body.size(), 200'000u);
  EXPECT_EQ(nlohmann::json::parse(body)["left_out"], 4900);
}

}  // namespace
}  // namespace faultline
