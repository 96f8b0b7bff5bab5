#include "faults/reachability.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <chrono>
#include <thread>

#include "faults/server_address.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr auto greeting_limit = 2s;
constexpr auto answer_limit = 120s;

// Empty if somebody speaks, else what happened instead.
std::string silence(const Address& address) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  std::array<char, 1> first;
  error_code outcome = boost::asio::error::timed_out;
  tcp::resolver resolver(context);
  const auto spoken = [&](error_code error, std::size_t) { outcome = error; };
  const auto connected = [&](error_code error, const tcp::endpoint&) {
    outcome = error;
    if (error) return;
    outcome = boost::asio::error::timed_out;
    boost::asio::async_read(socket, boost::asio::buffer(first), spoken);
  };
  error_code unresolved;
  const auto endpoints = resolver.resolve(address.host, address.port, unresolved);
  if (unresolved) return unresolved.message();
  boost::asio::async_connect(socket, endpoints, connected);
  context.run_for(greeting_limit);
  if (!outcome) return "";
  return outcome == boost::asio::error::eof ? "closed without a greeting" : outcome.message();
}

// Where no client reaches this server by itself.
Evidence silence_of_monitor(const Server& server) {
  if (server.monitor && !server.monitor("/varz", greeting_limit))
    return {true, "its monitoring endpoint does not answer"};
  return {false, "but its monitoring endpoint still answers"};
}

}  // namespace

Evidence silence_of(const Cluster& cluster, const std::string& server) {
  const auto& found = find_server(cluster, server);
  if (found.url_is_shared) return silence_of_monitor(found);
  const auto address = address_of(found.client_url);
  const auto seen = silence(address);
  if (seen.empty()) return {false, fmt::format("but port {} still answers", address.port)};
  return {true, fmt::format("port {}: {}", address.port, seen)};
}

Evidence wait_until_it_answers(FaultContext context, const std::string& server) {
  const auto& monitor = find_server(context.cluster, server).monitor_url;
  for (const auto deadline = Clock::now() + answer_limit; Clock::now() < deadline;
       std::this_thread::sleep_for(50ms)) {
    if (context.broker.answers(server))
      return {true, fmt::format("{}: {} runs, answers at {}", server,
                                context.cluster.process(server), monitor)};
    if (context.cluster.running(server)) continue;
    const auto exit = context.cluster.last_exit(server);
    if (exit && !exit->expected)
      return {false, fmt::format("{} exited when it was started again: {}", server, exit->detail)};
  }
  return {false, fmt::format("{} was started, but does not answer at {} after {} s", server,
                             monitor, answer_limit.count())};
}

}  // namespace faultline
