#include "harness/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "faults/partition_shape.h"
#include "faults/target.h"
#include "harness/agenda.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds deploy_limit{120'000};
constexpr std::size_t columns = 80, column = 8;

std::size_t hit_by(const FaultStep& step, std::size_t replicas) {
  std::vector<std::string> servers;
  for (std::size_t i = 0; i < replicas; ++i) servers.push_back(fmt::format("n{}", i));
  const auto targets = resolve_target(step.target, servers.front(), servers);
  if (step.fault != "partition") return targets.size();
  return cut_servers(step.options.shape, targets, servers).size();
}

milliseconds healing(const Scenario& scenario) {
  if (scenario.heal_order == HealOrder::together) return milliseconds{0};
  return (most_at_once(scenario) - 1) * scenario.heal_interval;
}

std::string line(milliseconds at, const std::string& text) {
  auto wrapped = wrap(text, columns, column);
  return wrapped.replace(0, column, fmt::format("{:>6}  ", format_clock(at)));
}

}  // namespace

milliseconds longest(const Scenario& scenario) {
  return deploy_limit + scenario.steady + scenario.fault + healing(scenario) + scenario.recovery +
         scenario.drain;
}

std::size_t most_at_once(const Scenario& scenario) {
  const auto strikes = planned_strikes(scenario);
  std::size_t now = 0, most = 0;
  for (const Moment& moment : agenda(scenario)) {
    const auto hit = hit_by(*strikes[moment.fault].step, scenario.replicas);
    now = moment.ends ? now - hit : now + hit;
    most = std::max(most, now);
  }
  return std::min<std::size_t>(most, scenario.replicas);
}

milliseconds longest_outage(const Scenario& scenario) {
  const bool loses_quorum = 2 * most_at_once(scenario) > scenario.replicas;
  return loses_quorum ? scenario.fault + healing(scenario) : milliseconds{0};
}

std::string timeline(const Scenario& scenario,
                     const std::function<std::string(const FaultStep&)>& whom) {
  auto at = scenario.steady;
  std::string text =
      line(milliseconds{0},
           fmt::format("a stream of {} replicas is made; all is well for {} s", scenario.replicas,
                       static_cast<double>(scenario.steady.count()) / 1000));
  const auto strikes = planned_strikes(scenario);
  for (const Moment& moment : agenda(scenario)) {
    const FaultStep& step = *strikes[moment.fault].step;
    text += line(at + moment.at,
                 moment.ends ? fmt::format("{} {} ends", step.fault, step.target)
                             : fmt::format("{} {}: {}", step.fault, step.target, whom(step)));
  }
  at += scenario.fault;
  text += line(at, scenario.heal_order == HealOrder::together
                       ? "healed, all together"
                       : fmt::format("healed, one after the other, {} s between two",
                                     static_cast<double>(scenario.heal_interval.count()) / 1000));
  at += healing(scenario);
  text += line(at, fmt::format("recovery, up to {}", format_clock(scenario.recovery)));
  at += scenario.recovery;
  text += line(at, fmt::format("everything is read, up to {}; the stream is removed",
                               format_clock(scenario.drain)));
  return text;
}

}  // namespace faultline
