// Tells another program how a suite ended: one POST of a JSON body, signed as GitHub signs its
// webhooks. docs/nightly.md says what the body holds.
#pragma once

#include <chrono>
#include <string>

#include "harness/exit_code.h"
#include "harness/runner.h"

namespace faultline {

inline constexpr const char* webhook_schema = "faultline/suite-finished/v1";
inline constexpr const char* signature_header = "X-Faultline-Signature-256";

// UTF-8 JSON on one line: nothing of the machine (no path, no name of a host), secrets redacted
// (report/redact.h), at most 100 of the scenarios that did not pass, each text shortened.
std::string webhook_body(const SuiteResult&, const std::string& faultline_version, ExitCode);

// "sha256=" and the HMAC-SHA256 (RFC 2104) of the body in lower-case hexadecimal digits.
std::string signature(const std::string& secret, const std::string& body);

// Why the URL is none that can be posted to: not http or https, or no URL; one line that does
// not repeat it. Empty if it is one.
std::string webhook_url_problem(const std::string& url);

// Without a secret the request is not signed. Returns why it did not arrive, in one line that
// holds no secret and of the URL only the host: no answer within the limit, or one that is not
// 2xx. Empty if it arrived. Throws nothing: no verdict depends on it.
std::string post_webhook(const std::string& url, const std::string& secret, const std::string& body,
                         const std::string& faultline_version,
                         std::chrono::milliseconds limit) noexcept;

}  // namespace faultline
