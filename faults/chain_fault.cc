#include "faults/chain_fault.h"

#include <fmt/format.h>

#include "faults/growing_count.h"
#include "harness/cluster/worker.h"

namespace faultline {

ChainFault::ChainFault(std::string name, FaultContext context, PacketChain chain)
    : PerServerFault(std::move(name), context), chain_(std::move(chain)) {}

std::optional<ChainFault::Struck> ChainFault::struck(const std::string& server) {
  const std::lock_guard lock(mutex_);
  const auto found = struck_.find(server);
  return found == struck_.end() ? std::nullopt : std::optional(found->second);
}

void ChainFault::strike(const std::string& server) {
  auto& machine = worker(server);
  {
    const std::lock_guard lock(mutex_);
    struck_[server] = {machine.inside()};
  }
  machine.undo_first({.what = fmt::format("{} has no rules of {}", machine.name(), chain_.name),
                      .steps = {undo_chain(chain_, machine.inside())}});
  machine.act(make_chain(chain_, rules(server)));
}

Evidence ChainFault::dropped_more(const std::string& server, std::chrono::seconds limit) {
  const auto one = struck(server);
  if (!one) throw ClusterError("no packets of " + server + " were dropped");
  const auto list = one->place.command(list_chain(chain_));
  const auto count = wait_for_more([&] { return dropped_packets(list); }, one->dropped, limit);
  const auto& name = one->place.name;
  if (!count) return {false, fmt::format("worker {} has no rules", name)};
  if (*count <= one->dropped)
    return {false, fmt::format("worker {} dropped no packets in {} s", name, limit.count())};
  const std::lock_guard lock(mutex_);
  struck_[server].dropped = *count;
  return {true, fmt::format("worker {} dropped {} packets", name, *count)};
}

void ChainFault::undo(const std::string& server) {
  const auto one = struck(server);
  if (!one) return;
  run_undo(undo_chain(chain_, one->place));
}

}  // namespace faultline
