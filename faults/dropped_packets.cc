#include "faults/dropped_packets.h"

#include <thread>

#include "harness/cluster/packet_chain.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

DroppedPackets look(const std::vector<std::string>& list) {
  const auto listing = run_program(list);
  return {listing.status == 0, packets_taken(listing.output, "DROP")};
}

}  // namespace

DroppedPackets wait_for_drops(const std::vector<std::string>& list, std::uint64_t before,
                              std::chrono::seconds limit) {
  const auto begin = Clock::now();
  auto seen = look(list);
  while (seen.has_rules && seen.count <= before && Clock::now() < begin + limit) {
    std::this_thread::sleep_for(200ms);
    seen = look(list);
  }
  return seen;
}

}  // namespace faultline
