#include "harness/broker/http.h"

#include <curl/curl.h>

#include <memory>

namespace faultline {
namespace {

constexpr std::size_t largest_body = 64 * 1024 * 1024;

struct CurlLibrary {
  CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
};

struct HandleCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

std::size_t append(char* data, std::size_t, std::size_t size, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size > largest_body) return 0;  // ends the transfer with an error
  text.append(data, size);
  return size;
}

}  // namespace

std::optional<HttpAnswer> http_get(const std::string& url, std::chrono::milliseconds limit) {
  static const CurlLibrary library;
  const std::unique_ptr<CURL, HandleCloser> handle(curl_easy_init());
  if (!handle) return {};
  HttpAnswer answer;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer.body);
  if (curl_easy_perform(handle.get()) != CURLE_OK) return {};
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace faultline
