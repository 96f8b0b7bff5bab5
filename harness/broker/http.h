#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace faultline {

struct HttpAnswer {
  long status = 0;
  std::string body;
};

// One GET, past every proxy. Empty if no complete answer came within the limit.
// May be called from any thread.
std::optional<HttpAnswer> http_get(const std::string& url, std::chrono::milliseconds limit);

// The same for one PUT of a text.
std::optional<HttpAnswer> http_put(const std::string& url, const std::string& text,
                                   std::chrono::milliseconds limit);

}  // namespace faultline
