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

struct HeadersFree {
  void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
};

std::size_t append(char* data, std::size_t, std::size_t size, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size > largest_body) return 0;  // ends the transfer with an error
  text.append(data, size);
  return size;
}

using Handle = std::unique_ptr<CURL, HandleCloser>;

Handle new_handle() {
  static const CurlLibrary library;
  return Handle(curl_easy_init());
}

std::optional<HttpAnswer> perform(const Handle& handle, const std::string& url,
                                  std::chrono::milliseconds limit) {
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

}  // namespace

std::optional<HttpAnswer> http_get(const std::string& url, std::chrono::milliseconds limit) {
  const Handle handle = new_handle();
  return handle ? perform(handle, url, limit) : std::nullopt;
}

std::optional<HttpAnswer> http_put(const std::string& url, const std::string& text,
                                   std::chrono::milliseconds limit) {
  const Handle handle = new_handle();
  if (!handle) return {};
  const std::unique_ptr<curl_slist, HeadersFree> headers(
      curl_slist_append(nullptr, "Content-Type: text/plain; charset=utf-8"));
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, text.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
  return perform(handle, url, limit);
}

}  // namespace faultline
