#include "faults/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include "harness/cluster/worker.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto packet_limit = 10s;  // brokers of a cluster speak every second

// PREROUTING is all that comes in or passes through; OUTPUT what begins here.
constexpr const char* make_chain =
    "iptables -w -t raw -N FAULTLINE; "
    "for hook in PREROUTING OUTPUT; do iptables -w -t raw -I $hook -j FAULTLINE; done; ";
constexpr const char* remove_chain =
    "for hook in PREROUTING OUTPUT; do iptables -w -t raw -D $hook -j FAULTLINE; done; "
    "iptables -w -t raw -F FAULTLINE; iptables -w -t raw -X FAULTLINE";
constexpr const char* no_chain = "! iptables -w -t raw -n -L FAULTLINE 2>/dev/null";

std::vector<std::string> shell(const Place& place, const std::string& script) {
  return place.command({"sh", "-c", script});
}

UndoStep undo_chain(const Place& place) {
  return {shell(place, no_chain), shell(place, remove_chain)};
}

// Of `iptables -v -x -n -L`: two lines of heading, then a rule each, packets first.
std::uint64_t dropped(const std::string& listing) {
  std::istringstream lines(listing);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  std::uint64_t sum = 0;
  while (std::getline(lines, line)) {
    std::uint64_t packets = 0;
    if (std::istringstream(line) >> packets) sum += packets;
  }
  return sum;
}

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
      {.what = machine.name() + " drops no packets", .steps = {undo_chain(machine.inside())}});
  std::string script = std::string("set -e; ") + make_chain;
  for (const auto& address : other_side())
    for (const char* direction : {"-s", "-d"})
      script += fmt::format("iptables -w -t raw -A FAULTLINE {} {} -j DROP; ", direction, address);
  output_of(shell(machine.inside(), script));
}

Evidence Partition::look(const std::string& server) {
  auto& machine = worker(server);
  const auto count = machine.inside().command(
      {"iptables", "-w", "-t", "raw", "-v", "-x", "-n", "-L", "FAULTLINE"});
  const auto begin = Clock::now();
  auto listing = run_program(count);
  while (listing.status == 0 && dropped(listing.output) == 0 &&
         Clock::now() < begin + packet_limit) {
    std::this_thread::sleep_for(200ms);
    listing = run_program(count);
  }
  if (listing.status != 0)
    return {false, fmt::format("worker {} has no rules that drop packets", machine.name())};
  const auto packets = dropped(listing.output);
  return {packets > 0, fmt::format("worker {} dropped {} packets from and to the other side",
                                   machine.name(), packets)};
}

void Partition::undo(const std::string& server) {
  const auto& place = worker(server).inside();
  if (run_program(shell(place, no_chain)).status != 0) output_of(shell(place, remove_chain));
}

}  // namespace faultline
