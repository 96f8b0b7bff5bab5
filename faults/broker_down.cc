#include "faults/broker_down.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <stdexcept>
#include <thread>

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto answer_limit = 60s;

struct Address {
  std::string host, port;
};

Address address_of(const std::string& url) {  // nats://127.0.0.1:4222
  const auto scheme = url.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto colon = url.rfind(':');
  if (colon == std::string::npos || colon < begin)
    throw std::invalid_argument("no host:port in " + url);
  return {url.substr(begin, colon - begin), url.substr(colon + 1)};
}

// Empty if somebody accepts a connection, else the reason.
std::string refusal(const Address& address) {
  using boost::asio::ip::tcp;
  boost::asio::io_context context;
  boost::system::error_code error;
  const auto endpoints = tcp::resolver(context).resolve(address.host, address.port, error);
  if (error) return error.message();
  tcp::socket socket(context);
  boost::asio::connect(socket, endpoints, error);
  return error ? error.message() : "";
}

const Server& find_server(const Cluster& cluster, const std::string& name) {
  const auto& servers = cluster.servers();
  const auto found = std::ranges::find(servers, name, &Server::name);
  if (found == servers.end()) throw ClusterError("there is no server " + name);
  return *found;
}

}  // namespace

BrokerDown::BrokerDown(std::string name, FaultContext context)
    : name_(std::move(name)), context_(context) {}

void BrokerDown::inject(std::span<const std::string> servers) {
  servers_.assign(servers.begin(), servers.end());
  already_down_.clear();
  context_.journal.fault_striking(name_, servers_);
  std::vector<std::future<void>> under_way;
  for (const auto& server : servers_) {
    if (cluster().running(server))
      under_way.push_back(std::async(std::launch::async, [this, server] { take_down(server); }));
    else
      already_down_.push_back(server);
  }
  for (auto& one : under_way) one.wait();
  for (auto& one : under_way) one.get();
}

Evidence BrokerDown::verify() {
  if (servers_.empty()) return {false, "nothing was struck"};
  Evidence all{true, ""};
  for (const auto& server : servers_) {
    const auto one = verify(server);
    all.holds = all.holds && one.holds;
    all.text += (all.text.empty() ? "" : "; ") + one.text;
  }
  return all;
}

Evidence BrokerDown::verify(const std::string& server) {
  if (std::ranges::find(already_down_, server) != already_down_.end())
    return {false, server + " was already down before the strike"};
  if (cluster().running(server)) return {false, server + " still runs"};
  const auto exit = cluster().last_exit(server);
  if (exit && !exit->expected)
    return {false, fmt::format("{} exited by itself before the strike: {}", server, exit->detail)};
  if (exit && exit->forced)
    return {false,
            fmt::format("{} was asked to leave, did not, and had to be killed: {} gone by {}",
                        server, exit->process, exit->detail)};
  const auto how =
      exit ? fmt::format("{} gone by {}", exit->process, exit->detail) : std::string("gone");
  const auto address = address_of(find_server(cluster(), server).client_url);
  const auto refused = refusal(address);
  if (refused.empty())
    return {false, fmt::format("{}: {}, but port {} still answers", server, how, address.port)};
  return {true, fmt::format("{}: {}, port {}: {}", server, how, address.port, refused)};
}

Evidence BrokerDown::heal(const std::string& server) try {
  cluster().start(server);
  const auto& monitor = find_server(cluster(), server).monitor_url;
  for (const auto deadline = Clock::now() + answer_limit; Clock::now() < deadline;
       std::this_thread::sleep_for(50ms)) {
    if (context_.broker.answers(server))
      return {true, fmt::format("{}: {} runs, answers at {}", server, cluster().process(server),
                                monitor)};
    if (cluster().running(server)) continue;
    const auto exit = cluster().last_exit(server);
    return {false, fmt::format("{} exited when it was started again: {}", server,
                               exit ? exit->detail : "reason unknown")};
  }
  return {false, fmt::format("{} was started, but does not answer at {} after {} s", server,
                             monitor, answer_limit.count())};
} catch (const AddressTaken&) {
  throw;  // no verdict may follow
} catch (const ClusterError& error) {
  return {false, error.what()};
}

}  // namespace faultline
