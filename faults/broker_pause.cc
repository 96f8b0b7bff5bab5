#include "faults/broker_pause.h"

#include <fmt/format.h>

#include "faults/reachability.h"

namespace faultline {

void BrokerPause::strike(const std::string& server) {
  if (!cluster().paused(server)) return cluster().pause(server);
  const std::lock_guard lock(mutex_);
  already_paused_.insert(server);
}

Evidence BrokerPause::look(const std::string& server) {
  if (already_paused_.contains(server)) return {false, "was already paused before the strike"};
  const auto process = cluster().process(server);
  if (process.empty()) return {false, "does not run"};
  if (!cluster().paused(server)) return {false, process + " runs"};
  const auto seen = silence_of(cluster(), server);
  return {seen.holds, fmt::format("{} is stopped, {}", process, seen.text)};
}

void BrokerPause::undo(const std::string& server) { cluster().resume(server); }

}  // namespace faultline
