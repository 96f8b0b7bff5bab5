#include "harness/broker/http.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace faultline {
namespace {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

// Sends one reply to one request; an empty one leaves the request unanswered.
std::optional<HttpAnswer> get_from_one_that_says(const std::string& reply,
                                                 std::chrono::milliseconds limit) {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  const auto url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/x";
  std::jthread server([&] {
    tcp::socket socket(context);
    acceptor.accept(socket);
    boost::asio::streambuf request;
    boost::system::error_code ended;
    boost::asio::read_until(socket, request, "\r\n\r\n", ended);
    if (reply.empty())
      boost::asio::read_until(socket, request, "never", ended);  // until the client gives up
    else
      boost::asio::write(socket, boost::asio::buffer(reply), ended);
  });
  return http_get(url, limit);
}

TEST(HttpGet, GivesStatusAndBody) {
  const auto good = get_from_one_that_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 60s);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(good->body, "ok");
  const auto bad = get_from_one_that_says("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 60s);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->status, 503);
}

TEST(HttpGet, IsEmptyWithoutACompleteAnswer) {
  EXPECT_FALSE(get_from_one_that_says("", 100ms));
  EXPECT_FALSE(get_from_one_that_says("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut off", 60s));
  EXPECT_FALSE(get_from_one_that_says("SSH-2.0-OpenSSH_9.2\r\n", 60s));
  EXPECT_FALSE(http_get("http://127.0.0.1:1/", 60s));
  EXPECT_FALSE(http_get("not a url", 60s));
}

TEST(HttpSend, SendsAllOfTheBody) {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  const auto url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/x";
  std::string request;
  std::jthread server([&] {
    tcp::socket socket(context);
    acceptor.accept(socket);
    boost::system::error_code ended;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "the end", ended);
    boost::asio::write(
        socket, boost::asio::buffer(std::string("HTTP/1.1 400 No\r\nContent-Length: 3\r\n\r\nbad")),
        ended);
  });
  const auto answer = http_send("PUT", url, {"X-A: b"}, "text\nthe end", 60s);
  server.join();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "bad");
  EXPECT_NE(request.find("\r\nX-A: b\r\n"), std::string::npos) << request;
  EXPECT_TRUE(request.starts_with("PUT /x HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\ntext\nthe end")) << request;
}

TEST(HttpSend, SaysWhyThereIsNoAnswer) {
  EXPECT_THROW(http_send("PUT", "http://127.0.0.1:1/", {}, "text", 60s), std::runtime_error);
}

}  // namespace
}  // namespace faultline
