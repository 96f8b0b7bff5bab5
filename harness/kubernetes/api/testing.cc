#include "harness/kubernetes/api/testing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

namespace faultline::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Written by hand, since no library writes what a broken server does.
std::string as_text(const StubReply& reply) {
  std::string text = fmt::format("HTTP/1.1 {} Stub\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  const bool whole = reply.end == StubReply::End::whole;
  if (reply.streamed) {
    text += "Transfer-Encoding: chunked\r\n\r\n";
    if (!reply.body.empty()) text += fmt::format("{:x}\r\n{}\r\n", reply.body.size(), reply.body);
    return whole ? text + "0\r\n\r\n" : text;
  }
  return text + fmt::format("Content-Length: {}\r\n\r\n{}", reply.body.size() + (whole ? 0 : 100),
                            reply.body);
}

asio::ssl::context tls_context(const StubTls& tls) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain(asio::buffer(tls.server.certificate));
  context.use_private_key(asio::buffer(tls.server.key), asio::ssl::context::pem);
  if (!tls.client_authority.empty()) {
    context.add_certificate_authority(asio::buffer(tls.client_authority));
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return context;
}

}  // namespace

KubernetesOptions impatient() {
  KubernetesOptions options;
  options.first_pause = std::chrono::milliseconds(1);
  options.longest_pause = std::chrono::milliseconds(4);
  options.attempts = 3;
  return options;
}

KubernetesError refusal_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const KubernetesError& error) {
    return error;
  }
  ADD_FAILURE() << "it was not refused";
  return {-1, "", "not refused"};
}

std::string StubRequest::path() const { return target.substr(0, target.find('?')); }

std::string StubRequest::parameter(const std::string& name) const {
  const auto query = "&" + target.substr(std::min(target.find('?'), target.size() - 1) + 1) + "&";
  const auto begin = query.find("&" + name + "=");
  if (begin == query.npos) return "";
  const auto value = begin + name.size() + 2;
  return query.substr(value, query.find('&', value) - value);
}

StubReply status_reply(int status, const std::string& reason, const std::string& message) {
  return {status, nlohmann::json{{"kind", "Status"},
                                 {"apiVersion", "v1"},
                                 {"status", "Failure"},
                                 {"reason", reason},
                                 {"message", message},
                                 {"code", status}}
                      .dump()};
}

struct StubServer::Implementation {
  Implementation(Handler a_handler, std::optional<StubTls> a_tls)
      : handler(std::move(a_handler)), tls(std::move(a_tls)) {
    if (tls) context.emplace(tls_context(*tls));
    port = acceptor.local_endpoint().port();
    accepting = std::thread([this] { accept(); });
  }

  ~Implementation() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
      for (const int socket : open) ::shutdown(socket, SHUT_RDWR);
    }
    ::shutdown(acceptor.native_handle(), SHUT_RDWR);  // wakes accept()
    accepting.join();
    for (auto& thread : threads) thread.join();
  }

  void accept() {
    for (int number = 1;; ++number) {
      tcp::socket socket(io);
      boost::system::error_code error;
      acceptor.accept(socket, error);
      const std::lock_guard lock(mutex);
      if (stopping || error) return;
      open.insert(socket.native_handle());
      threads.emplace_back(
          [this, number, one = std::move(socket)]() mutable { serve(std::move(one), number); });
    }
  }

  void serve(tcp::socket socket, int number) {
    const int native = socket.native_handle();
    boost::system::error_code error;
    if (!tls) {
      talk(socket, number);
    } else {
      asio::ssl::stream<tcp::socket&> stream(socket, *context);
      stream.handshake(asio::ssl::stream_base::server, error);
      if (!error) talk(stream, number);
    }
    const std::lock_guard lock(mutex);
    open.erase(native);
    socket.close(error);
  }

  template <class Stream>
  void talk(Stream& stream, int number) {
    beast::flat_buffer buffer;
    boost::system::error_code error;
    for (;;) {
      beast::http::request<beast::http::string_body> message;
      beast::http::read(stream, buffer, message, error);
      if (error) return;
      const StubReply reply = answer(message, number);
      if (reply.end == StubReply::End::none) return;
      asio::write(stream, asio::buffer(as_text(reply)), error);
      if (error || reply.end == StubReply::End::cut) return;
      if (reply.end == StubReply::End::hanging) {  // until the client has had enough
        beast::http::read(stream, buffer, message, error);
        return;
      }
    }
  }

  StubReply answer(const beast::http::request<beast::http::string_body>& message, int number) {
    StubRequest request{std::string(message.method_string()),
                        std::string(message.target()),
                        message.body(),
                        {},
                        number};
    for (const auto& field : message)
      request.headers[lower(std::string(field.name_string()))] = std::string(field.value());
    {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
    }
    return handler(request);
  }

  const Handler handler;
  const std::optional<StubTls> tls;
  std::optional<asio::ssl::context> context;
  asio::io_context io;
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  unsigned short port = 0;
  mutable std::mutex mutex;
  bool stopping = false;
  std::set<int> open;
  std::vector<StubRequest> requests;
  std::vector<std::thread> threads;
  std::thread accepting;
};

StubServer::StubServer(Handler handler, std::optional<StubTls> tls)
    : implementation_(std::make_unique<Implementation>(std::move(handler), std::move(tls))) {}

StubServer::~StubServer() = default;

ClusterAccess StubServer::access() const {
  ClusterAccess access;
  access.context = "stub";
  access.server = fmt::format("{}://127.0.0.1:{}", implementation_->tls ? "https" : "http",
                              implementation_->port);
  return access;
}

std::vector<StubRequest> StubServer::requests() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->requests;
}

std::size_t StubServer::count(const std::string& method) const {
  return static_cast<std::size_t>(std::ranges::count(requests(), method, &StubRequest::method));
}

}  // namespace faultline::testing
