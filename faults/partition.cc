#include "faults/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "faults/growing_count.h"
#include "harness/cluster/cluster.h"
#include "harness/cluster/packet_rules.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

constexpr auto packet_limit = 10s;  // brokers of a cluster speak every second

}  // namespace

std::vector<std::string> Partition::aim(std::span<const std::string> targets) {
  std::vector<std::string> all;
  for (const auto& server : cluster().servers()) all.push_back(server.name);
  cut_ = cut_links(shape_, targets, all);
  return cut_servers(shape_, targets, all);
}

std::vector<std::string> Partition::cut_from(const std::string& server) const {
  std::vector<std::string> names;
  for (const auto& [from, to] : cut_)
    if (from == server) names.push_back(to);
  return names;
}

Partition::Struck Partition::struck(const std::string& server) {
  const std::lock_guard lock(mutex_);
  const auto found = struck_.find(server);
  if (found == struck_.end()) throw ClusterError("no packets of " + server + " were dropped");
  return found->second;
}

void Partition::strike(const std::string& server) {
  auto& machine = worker(server);
  Struck one{machine.inside(), {{server, machine.addresses()}}};
  std::vector<std::string> other_side;
  for (const auto& other : cut_from(server)) {
    one.addresses[other] = worker(other).addresses();
    std::ranges::copy(one.addresses[other], std::back_inserter(other_side));
  }
  {
    const std::lock_guard lock(mutex_);
    struck_[server] = one;
  }
  machine.undo_first(
      {.what = machine.name() + " drops no packets", .steps = {undo_drop(machine.inside())}});
  const auto drop = shape_ == PartitionShape::one_way ? drop_packets_to : drop_packets;
  machine.act(drop(machine.addresses(), other_side, machine.longest_hold()));
}

// One that is just now nowhere has no address that the rules would miss.
std::string Partition::why_lapsed(const std::string& server, const Struck& one) const {
  for (const auto& [name, addresses] : one.addresses) try {
      if (worker(name).addresses() != addresses)
        return fmt::format("its rules have lapsed: {} has another address since", name);
    } catch (const ClusterError& error) {
      if (name == server) return fmt::format("its rules have lapsed: {}", error.what());
    }
  return "";
}

Evidence Partition::look(const std::string& server) {
  const auto one = struck(server);
  const auto list = one.place.command(list_rules());
  const auto packets =
      wait_for_more([&] { return dropped_packets(list); }, one.dropped, packet_limit);
  const auto& name = one.place.name;
  if (!packets) return {false, fmt::format("worker {} has no rules that drop packets", name)};
  if (const auto lapsed = why_lapsed(server, one); !lapsed.empty())
    return {false, fmt::format("worker {}: {}", name, lapsed)};
  if (*packets <= one.dropped)
    return {false, fmt::format("worker {} dropped no packets in {} s", name, packet_limit.count())};
  {
    const std::lock_guard lock(mutex_);
    struck_[server].dropped = *packets;
  }
  return {true, fmt::format("worker {} dropped {} packets {} the other side{}", name, *packets,
                            shape_ == PartitionShape::one_way ? "to" : "from and to",
                            one.dropped == 0 ? ""
                                             : fmt::format(", {} of them since the last look",
                                                           *packets - one.dropped))};
}

void Partition::undo(const std::string& server) {
  {
    const std::lock_guard lock(mutex_);
    if (!struck_.contains(server)) return;
  }
  run_undo(undo_drop(struck(server).place));
}

}  // namespace faultline
