#include "harness/broker/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

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

struct ListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

using Handle = std::unique_ptr<CURL, HandleCloser>;

// The rest is left unread.
std::size_t keep_beginning(char* data, std::size_t, std::size_t size, void* body) {
  constexpr std::size_t kept = 64 * 1024;
  auto& text = *static_cast<std::string*>(body);
  text.append(data, std::min(size, kept - std::min(kept, text.size())));
  return size;
}

// Its answer goes to `answer`, by way of `write`. Null: libcurl cannot be used.
Handle new_request(const std::string& url, std::chrono::milliseconds limit,
                   curl_write_callback write, HttpAnswer& answer) {
  static const CurlLibrary library;
  Handle handle(curl_easy_init());
  if (!handle) return handle;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, write);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer.body);
  return handle;
}

}  // namespace

std::optional<HttpAnswer> http_get(const std::string& url, std::chrono::milliseconds limit) {
  HttpAnswer answer;
  const Handle handle = new_request(url, limit, append, answer);
  if (!handle) return {};
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  if (curl_easy_perform(handle.get()) != CURLE_OK) return {};
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

HttpAnswer http_send(const std::string& method, const std::string& url,
                     const std::vector<std::string>& headers, const std::string& body,
                     std::chrono::milliseconds limit) {
  HttpAnswer answer;
  const Handle handle = new_request(url, limit, keep_beginning, answer);
  if (!handle) throw std::runtime_error("libcurl cannot be used");
  std::unique_ptr<curl_slist, ListCloser> list;
  for (const std::string& header : headers)
    list.reset(curl_slist_append(list.release(), header.c_str()));
  std::array<char, CURL_ERROR_SIZE> detail{};
  curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, detail.data());
  const CURLcode code = curl_easy_perform(handle.get());
  if (code != CURLE_OK)
    throw std::runtime_error(detail[0] != '\0' ? detail.data() : curl_easy_strerror(code));
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace faultline
