#include "faults/broker_down.h"

#include <fmt/format.h>

#include "faults/reachability.h"

namespace faultline {

Evidence BrokerDown::look(const std::string& server) {
  if (cluster().running(server)) return {false, cluster().process(server) + " runs"};
  const auto exit = cluster().last_exit(server);
  if (exit && !exit->expected) return {false, "exited by itself: " + exit->detail};
  if (exit && exit->forced)
    return {false, fmt::format("was asked to leave, did not, and had to be killed: {} gone by {}",
                               exit->process, exit->detail)};
  const auto how =
      exit ? fmt::format("{} gone by {}", exit->process, exit->detail) : std::string("gone");
  const auto seen = silence_of(cluster(), server);
  return {seen.holds, how + ", " + seen.text};
}

void BrokerDown::undo(const std::string& server) { cluster().start(server); }

}  // namespace faultline
