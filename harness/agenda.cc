#include "harness/agenda.h"

#include <algorithm>
#include <tuple>

namespace faultline {

using std::chrono::milliseconds;

std::vector<PlannedStrike> planned_strikes(const Scenario& scenario) {
  std::vector<PlannedStrike> strikes;
  for (const FaultStep& step : scenario.faults)
    for (std::uint32_t i = 0; i < step.times; ++i) {
      const auto at = step.at + i * step.every;
      const bool lasts = step.lasts == milliseconds{0};
      strikes.push_back({&step, at, lasts ? scenario.fault : at + step.lasts});
    }
  return strikes;
}

std::vector<Moment> agenda(const Scenario& scenario) {
  const auto strikes = planned_strikes(scenario);
  std::vector<Moment> ends, moments;
  for (std::uint32_t i = 0; i < strikes.size(); ++i) {
    moments.push_back({strikes[i].at, i});
    if (strikes[i].step->lasts != milliseconds{0}) ends.push_back({strikes[i].end, i, true});
  }
  std::ranges::stable_sort(moments, {}, &Moment::at);
  std::ranges::stable_sort(ends, [&](const Moment& a, const Moment& b) {
    return std::tuple(a.at, -strikes[a.fault].at, b.fault) <
           std::tuple(b.at, -strikes[b.fault].at, a.fault);
  });
  std::vector<Moment> all;
  std::ranges::merge(ends, moments, std::back_inserter(all), {}, &Moment::at, &Moment::at);
  return all;
}

milliseconds planned_heal(const Scenario& scenario) {
  const auto strikes = planned_strikes(scenario);
  if (strikes.empty()) return scenario.fault;
  return std::ranges::max(strikes, {}, &PlannedStrike::end).end;
}

}  // namespace faultline
