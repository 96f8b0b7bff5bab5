#include "faults/broker_pause.h"

#include <fmt/format.h>

#include "faults/reachability.h"

namespace faultline {

std::string BrokerPause::already(const std::string& server) {
  return cluster().paused(server) ? "paused" : already_down(server);
}

void BrokerPause::strike(const std::string& server) { cluster().pause(server); }

Evidence BrokerPause::look(const std::string& server) {
  const auto process = cluster().process(server);
  if (process.empty()) return {false, "does not run"};
  if (!cluster().paused(server)) return {false, process + " runs"};
  const auto seen = silence_of(cluster(), server);
  return {seen.holds, fmt::format("{} is stopped, {}", process, seen.text)};
}

void BrokerPause::undo(const std::string& server) { cluster().resume(server); }

}  // namespace faultline
