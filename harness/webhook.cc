#include "harness/webhook.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/broker/http.h"
#include "harness/report/redact.h"
#include "harness/report/repetitions.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_named = 100, longest = 500;

struct UrlCloser {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlCloser>;

Url parse(const std::string& text) {
  Url url(curl_url());
  const bool parsed = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  return parsed ? std::move(url) : nullptr;
}

std::string part(const Url& url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, curl_free);
  return owned.get();
}

std::string_view outcome_of(ExitCode code) {
  switch (code) {
    case exit_passed:
      return "pass";
    case exit_violation:
      return "fail";
    case exit_unknown:
      return "unknown";
    case exit_interrupted:
      return "interrupted";
    case exit_usage:
    case exit_broken:
      break;
  }
  return "broken";
}

// A text fit for somewhere else: without the place of the results on this machine.
class Plain {
 public:
  explicit Plain(const SuiteResult& suite)
      : results_(suite.folder.has_parent_path() ? suite.folder.parent_path().string() + "/" : "") {}

  std::string operator()(const std::string& text) const {
    std::string plain = text;
    if (results_.size() > 1)
      for (auto at = plain.find(results_); at != plain.npos; at = plain.find(results_, at))
        plain.erase(at, results_.size());
    return redact(plain).substr(0, longest);
  }

 private:
  std::string results_;
};

ordered_json to_json(const Repetitions& row, const Plain& plain) {
  const RunResult& run = row.worst();
  ordered_json json{{"scenario", run.scenario.name},
                    {"figure", run.scenario.figure},
                    {"title", plain(run.scenario.title)},
                    {"provider", run.provider},
                    {"broker", run.broker_product + " " + run.broker_version},
                    {"outcome", row.outcome()},
                    {"reason", plain(reason_line(run))},
                    {"run", run.folder.filename().string()},
                    {"seed", run.seed},
                    {"retries", run.retried.size()}};
  if (row.repeated()) json["repetitions"] = plain(row.sentence());
  if (const KnownIssue* known = known_issue(run))
    json["known"] = {{"id", known->id}, {"url", plain(known->url)}};
  return json;
}

}  // namespace

std::string webhook_body(const SuiteResult& suite, const std::string& faultline_version,
                         ExitCode code) {
  const Plain plain(suite);
  std::map<std::string, std::size_t> counts;
  for (const RunResult& run : suite.runs) ++counts[std::string(outcome_word(run))];
  ordered_json failing = ordered_json::array();
  std::size_t left_out = 0;
  for (const Repetitions& row : by_scenario(suite)) {
    if (row.outcome() == "pass" && !needs_reason(row.worst())) continue;
    if (failing.size() < most_named)
      failing.push_back(to_json(row, plain));
    else
      ++left_out;
  }
  const ordered_json body{{"schema", webhook_schema},
                          {"faultline", faultline_version},
                          {"suite", suite.name},
                          {"outcome", outcome_of(code)},
                          {"exit_code", static_cast<int>(code)},
                          {"problem", plain(suite.problem)},
                          {"runs", suite.runs.size()},
                          {"counts", counts},
                          {"not_passed", failing},
                          {"left_out", left_out}};
  return body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string signature(const std::string& secret, const std::string& body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(),
           &length) == nullptr)
    throw std::runtime_error("OpenSSL cannot make an HMAC");
  std::string text = "sha256=";
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string webhook_url_problem(const std::string& text) {
  const Url url = parse(text);
  const std::string scheme = url ? part(url, CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https")
    return "the webhook's URL must be one of http:// or https://";
  return part(url, CURLUPART_HOST).empty() ? "the webhook's URL names no host" : "";
}

std::string post_webhook(const std::string& url, const std::string& secret, const std::string& body,
                         const std::string& faultline_version,
                         std::chrono::milliseconds limit) noexcept try {
  const Url parsed = parse(url);
  const std::string host = parsed ? part(parsed, CURLUPART_HOST) : "?";
  std::vector<std::string> headers{"Content-Type: application/json",
                                   "User-Agent: faultline/" + faultline_version, "Expect:"};
  try {
    if (!secret.empty())
      headers.push_back(fmt::format("{}: {}", signature_header, signature(secret, body)));
    const HttpAnswer answer = http_send("POST", url, headers, body, limit);
    if (answer.status >= 200 && answer.status < 300) return "";
    return fmt::format("the webhook at {} answered {}", host, answer.status);
  } catch (const std::exception& error) {
    return fmt::format("the webhook at {} was not reached: {}", host, error.what());
  }
} catch (...) {
  return "the webhook was not reached";
}

}  // namespace faultline
