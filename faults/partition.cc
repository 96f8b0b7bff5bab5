#include "faults/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "harness/cluster/packet_rules.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto packet_limit = 10s;  // brokers of a cluster speak every second

}  // namespace

std::vector<std::string> Partition::other_side() const {
  std::vector<std::string> addresses;
  for (const auto& server : cluster().servers()) {
    if (std::ranges::count(servers(), server.name) != 0) continue;
    std::ranges::copy(worker(server.name).addresses(), std::back_inserter(addresses));
  }
  return addresses;
}

void Partition::strike(const std::string& server) {
  auto& machine = worker(server);
  machine.undo_first(
      {.what = machine.name() + " drops no packets", .steps = {undo_drop(machine.inside())}});
  output_of(machine.inside().command(
      drop_packets(machine.addresses(), other_side(), machine.longest_hold())));
}

Evidence Partition::look(const std::string& server) {
  auto& machine = worker(server);
  const auto count = machine.inside().command(list_rules());
  const auto begin = Clock::now();
  auto listing = run_program(count);
  while (listing.status == 0 && dropped_packets(listing.output) == 0 &&
         Clock::now() < begin + packet_limit) {
    std::this_thread::sleep_for(200ms);
    listing = run_program(count);
  }
  if (listing.status != 0)
    return {false, fmt::format("worker {} has no rules that drop packets", machine.name())};
  const auto packets = dropped_packets(listing.output);
  return {packets > 0, fmt::format("worker {} dropped {} packets from and to the other side",
                                   machine.name(), packets)};
}

void Partition::undo(const std::string& server) {
  const auto step = undo_drop(worker(server).inside());
  if (run_program(step.undone).status != 0) output_of(step.command);
}

}  // namespace faultline
