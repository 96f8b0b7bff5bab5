#include "harness/kubernetes/api/transport.h"

#include <curl/curl.h>
#include <yaml-cpp/binary.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

namespace faultline {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* another_cluster =
    "its certificate is not of the certificate authority that the kubeconfig names, but of "
    "another of the same name: is it another cluster?";

struct CurlLibrary {
  CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
};

struct HandleCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleCloser>;

struct ListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListCloser>;

void add(List& list, const std::string& text) {
  list.reset(curl_slist_append(list.release(), text.c_str()));
}

struct Transfer {
  CURL* handle;
  const ApiRequest& request;
  ApiReply& reply;
  bool too_big = false, ended_by_sink = false, cancelled = false, silent = false;
  Clock::time_point last_byte = Clock::now();
  std::exception_ptr thrown = nullptr;  // must not pass through libcurl, which is C
};

template <class Function>
bool guarded(Transfer& transfer, Function&& function) {
  try {
    return function();
  } catch (...) {
    transfer.thrown = std::current_exception();
    return false;
  }
}

std::size_t receive(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.last_byte = Clock::now();
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.request.sink && status == 200) {
    transfer.ended_by_sink = !guarded(transfer, [&] {
      return transfer.request.sink({data, size});
    });
    return transfer.ended_by_sink ? 0 : size;
  }
  transfer.too_big = transfer.reply.body.size() + size > transfer.request.most_bytes;
  if (transfer.too_big) return 0;
  transfer.reply.body.append(data, size);
  return size;
}

// Of a Retry-After; 0 for a date, which no API server sends. More than a number
// holds is a lot.
std::chrono::seconds seconds_of(const std::string& text) {
  constexpr std::chrono::seconds a_lot = std::chrono::hours(24);
  const auto begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  int seconds = 0;
  const auto* last = text.data() + end + 1;
  const auto [rest, error] = std::from_chars(text.data() + begin, last, seconds);
  if (rest != last || seconds < 0) return {};
  return error == std::errc::result_out_of_range ? a_lot
                                                 : std::min(std::chrono::seconds(seconds), a_lot);
}

std::size_t receive_header(char* data, std::size_t, std::size_t size, void* user) {
  constexpr std::string_view name = "retry-after:";
  std::string line(data, size);
  auto& reply = static_cast<Transfer*>(user)->reply;
  if (line.starts_with("HTTP/")) reply.retry_after = {};
  std::ranges::transform(line, line.begin(), [](unsigned char c) { return std::tolower(c); });
  if (line.starts_with(name)) reply.retry_after = seconds_of(line.substr(name.size()));
  return size;
}

// Called about once a second.
int progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.silent =
      transfer.request.sink && Clock::now() - transfer.last_byte > transfer.request.limit;
  if (transfer.silent) return 1;
  if (!transfer.request.cancelled) return 0;
  const bool go_on = guarded(transfer, [&] {
    transfer.cancelled = transfer.request.cancelled();
    return !transfer.cancelled;
  });
  return go_on ? 0 : 1;
}

void set_blob(CURL* handle, CURLoption option, const std::string& text) {
  if (text.empty()) return;
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  curl_easy_setopt(handle, option, &blob);
}

// As Go's net/http does: nobody's proxy leads to this machine.
bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

// Of an authority of the same name with another key OpenSSL says only where in its
// code it failed.
bool is_wrong_signature(CURLcode code, std::string_view detail) {
  return code == CURLE_SSL_CONNECT_ERROR &&
         (detail.find("asn1 encoding routines") != std::string_view::npos ||
          detail.find("rsa routines") != std::string_view::npos);
}

// What asking again cannot mend.
bool is_hopeless(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return true;
    default:
      return false;
  }
}

std::string base64(const std::string& text) {
  return YAML::EncodeBase64(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

// One way to write it, of the many that JSON knows.
std::string written(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// However a server that writes JSON escapes them.
void hide(std::string& text, std::vector<std::string> secrets) {
  constexpr std::string_view hidden = "(hidden)";
  if (const auto parsed = nlohmann::json::parse(text, nullptr, false); !parsed.is_discarded()) {
    text = written(parsed);
    for (auto& secret : secrets) secret = written(secret).substr(1, written(secret).size() - 2);
  }
  for (const auto& secret : secrets) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + hidden.size()))
      text.replace(at, secret.size(), hidden);
  }
}

// https://host:port/path -> /path
std::string path_of(const std::string& server) {
  const auto host = server.find("://");
  const auto slash = server.find('/', host == std::string::npos ? 0 : host + 3);
  return slash == std::string::npos ? "" : server.substr(slash);
}

// https://host:port -> {host, port}
std::pair<std::string, std::string> address(const std::string& server) {
  auto begin = server.find("://");
  begin = begin == std::string::npos ? 0 : begin + 3;
  const auto end = server.find('/', begin);
  const auto whole = server.substr(begin, end - begin);
  const auto colon = whole.rfind(':');
  if (colon == std::string::npos || whole.ends_with(']')) return {whole, "443"};
  return {whole.substr(0, colon), whole.substr(colon + 1)};
}

}  // namespace

struct Transport::Implementation {
  explicit Implementation(const ClusterAccess& an_access) : access(an_access) {
    static const CurlLibrary library;
  }

  Handle take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return Handle(curl_easy_init());
    auto handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }

  void give_back(Handle handle) {
    curl_easy_reset(handle.get());  // keeps its connections
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(handle));
  }

  // With another name in the certificate, that name is asked for, at the
  // server's address.
  void set_address(CURL* handle, const ApiRequest& request, List& connect_to) const {
    std::string base = access.server;
    if (!access.tls_server_name.empty()) {
      const auto [host, port] = address(access.server);
      base = "https://" + access.tls_server_name + ":" + port + path_of(access.server);
      add(connect_to, access.tls_server_name + ":" + port + ":" + host + ":" + port);
      curl_easy_setopt(handle, CURLOPT_CONNECT_TO, connect_to.get());
    }
    curl_easy_setopt(handle, CURLOPT_URL, (base + request.path_and_query).c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!access.proxy.empty())
      curl_easy_setopt(handle, CURLOPT_PROXY, access.proxy.c_str());
    else if (is_loopback(address(access.server).first))
      curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  }

  void set_tls(CURL* handle, const Credentials& credentials) const {
    set_blob(handle, CURLOPT_CAINFO_BLOB, access.ca);
    // Else libcurl trusts those of the system besides.
    if (!access.ca.empty()) curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
    set_blob(handle, CURLOPT_SSLCERT_BLOB, credentials.client_certificate);
    set_blob(handle, CURLOPT_SSLKEY_BLOB, credentials.client_key);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, access.insecure ? 0L : 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, access.insecure ? 0L : 2L);
  }

  void set_request(CURL* handle, const ApiRequest& request, const Credentials& credentials,
                   List& headers) const {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method != "GET") curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    if (!request.body.empty()) {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
      add(headers, "Content-Type: " + request.content_type);
    }
    add(headers, "Accept: application/json, text/plain, */*");
    add(headers, "Expect:");
    if (!credentials.token.empty()) add(headers, "Authorization: Bearer " + credentials.token);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    if (credentials.token.empty() && !access.user.empty()) {
      curl_easy_setopt(handle, CURLOPT_USERNAME, access.user.c_str());
      curl_easy_setopt(handle, CURLOPT_PASSWORD, access.password.c_str());
    }
  }

  static void set_limits(CURL* handle, const ApiRequest& request) {
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(request.connect_limit.count()));
    if (!request.sink)
      curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.limit.count()));
  }

  static void listen(CURL* handle, Transfer& transfer) {
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, receive_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  }

  std::vector<std::string> secrets(const Credentials& credentials) const {
    std::vector<std::string> all = {credentials.token};
    if (!access.password.empty()) {
      all.push_back(base64(access.user + ":" + access.password));  // as it is sent
      all.push_back(access.password);
    }
    if (const auto at = access.proxy.rfind('@'); at != std::string::npos) {
      const auto begin = access.proxy.find("://");
      all.push_back(access.proxy.substr(begin == std::string::npos ? 0 : begin + 3));
      all.back().resize(all.back().rfind('@'));
    }
    return all;
  }

  ApiReply send(const ApiRequest& request, const Credentials& credentials) {
    ApiReply reply;
    Handle handle = take();
    Transfer transfer{handle.get(), request, reply};
    List headers, connect_to;
    set_address(handle.get(), request, connect_to);
    set_tls(handle.get(), credentials);
    set_request(handle.get(), request, credentials, headers);
    set_limits(handle.get(), request);
    listen(handle.get(), transfer);
    std::array<char, CURL_ERROR_SIZE> detail{};
    curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, detail.data());
    const CURLcode code = curl_easy_perform(handle.get());
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    give_back(std::move(handle));
    if (transfer.thrown) std::rethrow_exception(transfer.thrown);
    reply.status = static_cast<int>(status);
    if (status >= 300) hide(reply.body, secrets(credentials));
    if (code == CURLE_OK || transfer.ended_by_sink) return reply;
    reply.cut_short = status != 0;
    const bool wrong_signature = is_wrong_signature(code, detail.data());
    reply.problem = transfer.cancelled  ? "interrupted"
                    : transfer.silent   ? "it fell silent"
                    : transfer.too_big  ? "the answer is too big"
                    : wrong_signature   ? another_cluster
                    : detail[0] != '\0' ? detail.data()
                                        : curl_easy_strerror(code);
    hide(reply.problem, secrets(credentials));
    reply.hopeless = transfer.too_big || wrong_signature || is_hopeless(code);
    if (!request.sink) reply.status = 0;
    return reply;
  }

  const ClusterAccess access;
  std::mutex mutex;
  std::vector<Handle> idle;
};

Transport::Transport(const ClusterAccess& access)
    : implementation_(std::make_unique<Implementation>(access)) {}

Transport::~Transport() = default;

ApiReply Transport::send(const ApiRequest& request, const Credentials& credentials) {
  return implementation_->send(request, credentials);
}

}  // namespace faultline
