#include "harness/who_is_hit.h"

#include <algorithm>

#include "faults/partition_shape.h"
#include "faults/target.h"
#include "harness/agenda.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

// A name that is wrong is complained of elsewhere.
bool takes_down(const FaultStep& step) {
  const auto* kind = find_fault_kind(step.fault);
  return (kind == nullptr || kind->takes_down) && !step.options.held_off;
}

// Those on whose workers something is done: a partition's rules may lie on the other side.
std::set<std::string> worked_on(const Scenario& s, const FaultStep& step) {
  auto hit = hit_by(s, step);
  if (step.fault != "partition") return hit;
  const std::vector<std::string> targets(hit.begin(), hit.end());
  const auto cut = cut_servers(step.options.shape, targets, stand_ins(s.brokers));
  return {cut.begin(), cut.end()};
}

// Of a partition those without a majority, on whichever side they are.
std::set<std::string> taken_down_by(const Scenario& s, const FaultStep& step) {
  const auto hit = hit_by(s, step);
  if (step.fault != "partition") return hit;
  const auto replicas = stand_ins(s.replicas);
  const std::vector<std::string> targets(hit.begin(), hit.end());
  return without_majority(cut_links(step.options.shape, targets, replicas), replicas);
}

// Roles and numbers may mean the same servers, or others.
struct Hit {
  std::set<std::string> by_role, by_number;

  void add(const Scenario& s, const FaultStep& step) {
    const auto hit = taken_down_by(s, step);
    (is_role(step.target) ? by_role : by_number).insert(hit.begin(), hit.end());
  }
  std::size_t least() const { return std::max(by_role.size(), by_number.size()); }
  std::size_t most() const { return by_role.size() + by_number.size(); }
};

bool moves_the_leader(const Scenario& s, const FaultStep& step) {
  const auto hit = hit_by(s, step);
  return step.fault == "leader-churn" ||
         (takes_down(step) &&
          (!is_role(step.target) || hit.contains(stand_ins(s.replicas).front())));
}

}  // namespace

bool passing(const FaultStep& step) {
  const auto* kind = find_fault_kind(step.fault);
  return kind != nullptr && kind->passing;
}

bool seen_down(const FaultStep& step) {
  const auto* kind = find_fault_kind(step.fault);
  return takes_down(step) && (kind == nullptr || !kind->answers);
}

std::chrono::milliseconds last_strike(const FaultStep& step) {
  return step.at + (step.times - 1) * step.every;
}

std::vector<std::string> stand_ins(std::uint32_t count) {
  std::vector<std::string> names;
  for (std::uint32_t i = 1; i <= count; ++i) names.push_back("n" + std::to_string(i));
  return names;
}

std::set<std::string> hit_by(const Scenario& s, const FaultStep& step) {
  const auto replicas = stand_ins(s.replicas);
  const auto hit = resolve_target(step.target, replicas.front(), replicas);
  return {hit.begin(), hit.end()};
}

std::size_t surely_down(const Scenario& s) {
  Hit hit;
  for (const FaultStep& step : s.faults)
    if (seen_down(step)) hit.add(s, step);
  return hit.least();
}

std::size_t most_down_at_once(const Scenario& s) {
  const auto strikes = planned_strikes(s);
  std::set<std::uint32_t> in_effect, of_another_leader;
  bool moved = false;
  std::size_t most = 0;
  for (const Moment& moment : agenda(s)) {
    const FaultStep& step = *strikes[moment.fault].step;
    if (moment.ends) {
      in_effect.erase(moment.fault);
      continue;
    }
    if (moved && is_role(step.target)) of_another_leader.insert(moment.fault);
    moved = moved || moves_the_leader(s, step);
    if (!takes_down(step)) continue;
    in_effect.insert(moment.fault);
    Hit hit;
    std::size_t others = 0;
    for (const auto fault : in_effect)
      if (of_another_leader.contains(fault))
        others += taken_down_by(s, *strikes[fault].step).size();
      else
        hit.add(s, *strikes[fault].step);
    most = std::max(most, hit.most() + others);
    if (most >= s.replicas) return s.replicas;
  }
  return most;
}

bool may_meet(const Scenario& s, const FaultStep& a, const FaultStep& b) {
  const auto end = [&](const FaultStep& step) {
    return step.lasts == 0ms && !passing(step) ? s.fault : last_strike(step) + step.lasts;
  };
  if (a.at > end(b) || b.at > end(a)) return false;
  if (is_role(a.target) != is_role(b.target)) return true;
  const auto of_a = worked_on(s, a), of_b = worked_on(s, b);
  return std::ranges::any_of(of_a, [&](const auto& server) { return of_b.contains(server); });
}

}  // namespace faultline
