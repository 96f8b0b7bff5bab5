#include "faults/broker_down.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "faults/reachability.h"

namespace faultline {

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
  const auto seen = silence_of(cluster(), server);
  return {seen.holds, fmt::format("{}: {}, {}", server, how, seen.text)};
}

Evidence BrokerDown::heal(const std::string& server) try {
  cluster().start(server);
  return wait_until_it_answers(context_, server);
} catch (const AddressTaken&) {
  throw;  // no verdict may follow
} catch (const ClusterError& error) {
  return {false, error.what()};
}

}  // namespace faultline
