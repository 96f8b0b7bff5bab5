#include "faults/growing_count.h"

#include <thread>

#include "harness/cluster/packet_chain.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

}  // namespace

Count wait_for_more(const std::function<Count()>& count, std::uint64_t before,
                    std::chrono::seconds limit) {
  const auto begin = Clock::now();
  auto seen = count();
  while (seen && *seen <= before && Clock::now() < begin + limit) {
    std::this_thread::sleep_for(200ms);
    seen = count();
  }
  return seen;
}

Count dropped_packets(const std::vector<std::string>& list) {
  const auto listing = run_program(list);
  if (listing.status != 0) return {};
  return packets_taken(listing.output, "DROP");
}

}  // namespace faultline
