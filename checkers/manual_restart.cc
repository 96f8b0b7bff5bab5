#include "checkers/manual_restart.h"

#include <algorithm>
#include <map>
#include <optional>

#include "checkers/format.h"

namespace faultline {

namespace {

struct Struck {
  std::string servers;
  std::optional<Time> proven, held;
  std::optional<std::string> came_back, stayed_away;  // with what was seen
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::map<std::uint32_t, Struck> struck_in(const History& history) {
  std::map<std::uint32_t, Struck> faults;
  for (const auto& [time, what] : history.events) {
    const auto* change = std::get_if<FaultChanged>(&what);
    if (change == nullptr) continue;
    Struck& fault = faults[change->fault];
    switch (change->stage) {
      case FaultStage::striking:
        fault.servers = joined(change->servers);
        break;
      case FaultStage::proven:
        fault.proven = time;
        break;
      case FaultStage::held:
        if (!fault.held) fault.held = time;  // later looks are at fewer servers
        break;
      case FaultStage::lapsed:
        fault.came_back = change->evidence;
        break;
      case FaultStage::unhealed:
        fault.stayed_away = change->evidence;
        break;
      case FaultStage::unproven:
      case FaultStage::healing:
      case FaultStage::healed:
        break;
    }
  }
  return faults;
}

}  // namespace

CheckResult check_manual_restart(const History& history) {
  CheckResult result;
  result.check = "manual_restart";
  result.judged = history.header.expectations.manual_restart == ManualRestart::required;
  if (!result.judged) {
    result.reason = "not promised";
    return result;
  }
  const auto faults = struck_in(history);
  bool looked = !faults.empty();
  Duration least = never;
  for (const auto& [index, fault] : faults) {
    if (fault.came_back)
      result.samples.push_back(
          {fault.servers + " came back without a manual restart: " + *fault.came_back, {}});
    else if (fault.stayed_away)
      result.samples.push_back(
          {fault.servers + " did not come back with a manual restart: " + *fault.stayed_away, {}});
    else if (fault.proven && fault.held)
      least = std::min(least, *fault.held - *fault.proven);
    else
      looked = false;
  }
  if (!result.samples.empty()) {
    result.verdict = Verdict::fail;
    result.reason = result.samples.front().what;
  } else if (!looked) {
    result.reason = "nobody looked before the heal whether the struck brokers were still away";
  } else {
    result.verdict = Verdict::pass;
    result.reason =
        "no struck broker came back by itself within " + format_duration(least) + " of the strike";
    result.counts = {{"held_ns", static_cast<std::uint64_t>(least)}};
  }
  return result;
}

}  // namespace faultline
