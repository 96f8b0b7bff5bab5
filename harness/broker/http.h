#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace faultline {

struct HttpAnswer {
  long status = 0;
  std::string body;
};

// One GET, past every proxy. Empty if no complete answer came within the limit.
// May be called from any thread.
std::optional<HttpAnswer> http_get(const std::string& url, std::chrono::milliseconds limit);

// One request with a body, by the proxy that the environment names, following no redirect.
// Throws std::runtime_error that says why no answer came within the limit, without the path
// and the user information of the URL, which may be secrets. Of the answer at most 64 kB are
// kept.
HttpAnswer http_send(const std::string& method, const std::string& url,
                     const std::vector<std::string>& headers, const std::string& body,
                     std::chrono::milliseconds limit);

}  // namespace faultline
