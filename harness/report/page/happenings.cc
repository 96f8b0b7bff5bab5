#include "harness/report/page/happenings.h"

#include <algorithm>

namespace faultline {
namespace {

void see(Strike& strike, Time time, const FaultChanged& change) {
  if (!change.servers.empty() && strike.servers.empty()) strike.servers = change.servers;
  const bool undoing = change.stage == FaultStage::healing || change.stage == FaultStage::healed ||
                       change.stage == FaultStage::unhealed;
  std::vector<std::string>& evidence = undoing ? strike.healing_evidence : strike.evidence;
  const bool repeats = !evidence.empty() && evidence.back() == change.evidence;
  if (!change.evidence.empty() && !repeats) evidence.push_back(change.evidence);
  switch (change.stage) {
    case FaultStage::striking:
      break;
    case FaultStage::proven:
    case FaultStage::unproven:
      strike.seen = time;
      strike.proven = change.stage == FaultStage::proven;
      break;
    case FaultStage::held:
    case FaultStage::lapsed:
      strike.looked = time;
      strike.held = change.stage == FaultStage::held;
      break;
    case FaultStage::healing:
      if (!strike.healing) strike.healing = time;
      break;
    case FaultStage::healed:
      strike.healed = time;
      break;
    case FaultStage::unhealed:
      strike.unhealed = true;
      break;
  }
}

void end_stretch(std::optional<Time>& begin, Time end, std::vector<Interval>& stretches) {
  if (begin && *begin < end) stretches.push_back({*begin, end});
  begin.reset();
}

}  // namespace

std::vector<Strike> strikes(const History& history) {
  std::vector<Strike> all;
  std::map<std::uint32_t, std::size_t> by_number;
  for (const Event& event : history.events) {
    const auto* change = std::get_if<FaultChanged>(&event.what);
    if (change == nullptr) continue;
    const auto [entry, first] = by_number.try_emplace(change->fault, all.size());
    if (first) {
      Strike strike;
      strike.fault = change->fault;
      strike.name = change->name;
      strike.target = change->target;
      strike.striking = event.time;
      all.push_back(std::move(strike));
    }
    see(all[entry->second], event.time, *change);
  }
  return all;
}

std::string outcome_of(const Strike& strike) {
  std::string words = !strike.seen    ? "no evidence recorded"
                      : strike.proven ? "proven"
                                      : "not proven";
  if (strike.looked) words += strike.held ? ", held" : ", lapsed";
  words += strike.unhealed || !strike.healed ? ", not healed" : ", healed";
  return words;
}

std::map<std::string, BrokerStretches> broker_stretches(const History& history, Time end) {
  std::map<std::string, BrokerStretches> all;
  std::map<std::string, std::optional<Time>> gone_since;
  std::string leader;
  std::optional<Time> led_since;
  for (const Event& event : history.events) {
    if (const auto* leaders = std::get_if<LeadersSeen>(&event.what)) {
      if (leaders->partition != 1 || leaders->stream == leader) continue;
      if (!leader.empty()) end_stretch(led_since, event.time, all[leader].led);
      leader = leaders->stream;
      if (!leader.empty()) led_since = event.time;
    } else if (const auto* broker = std::get_if<BrokerChanged>(&event.what)) {
      BrokerStretches& stretches = all[broker->server];
      std::optional<Time>& since = gone_since[broker->server];
      if (broker->stage == BrokerStage::exited) {
        if (!broker->expected) ++stretches.crashes;
        if (!since) since = event.time;
      } else if (broker->stage == BrokerStage::ready) {
        end_stretch(since, event.time, stretches.gone);
      }
    }
  }
  if (!leader.empty()) end_stretch(led_since, end, all[leader].led);
  for (auto& [server, since] : gone_since) end_stretch(since, end, all[server].gone);
  return all;
}

}  // namespace faultline
