#include "faults/server_address.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <stdexcept>

namespace faultline {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

Address address_of(const std::string& url) {
  const auto scheme = url.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto colon = url.rfind(':');
  if (colon == std::string::npos || colon < begin)
    throw std::invalid_argument("no host:port in " + url);
  return {url.substr(begin, colon - begin), url.substr(colon + 1)};
}

const Server& find_server(const Cluster& cluster, const std::string& name) {
  const auto& servers = cluster.servers();
  const auto found = std::ranges::find(servers, name, &Server::name);
  if (found == servers.end()) throw ClusterError("there is no server " + name);
  return *found;
}

std::optional<std::chrono::microseconds> time_to_connect(const Address& address,
                                                         std::chrono::milliseconds limit) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  tcp::resolver resolver(context);
  error_code unresolved;
  const auto endpoints = resolver.resolve(address.host, address.port, unresolved);
  if (unresolved) return {};
  std::optional<std::chrono::microseconds> taken;
  const auto begin = Clock::now();
  boost::asio::async_connect(socket, endpoints, [&](error_code error, const tcp::endpoint&) {
    if (!error) taken = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  });
  context.run_for(limit);
  return taken;
}

}  // namespace faultline
