#include "harness/scenario_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "faults/target.h"
#include "harness/scenario_keys.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::uint32_t least_xfs = 300;     // MiB; mkfs.xfs makes none that is smaller
constexpr int attempts = 10;                 // reads that must be seen unanswered to call it a stop
constexpr milliseconds least_look = 5s;      // so long a state is looked at before it is believed
constexpr milliseconds absence_takes = 60s;  // "stream not found" for so long is a finished drain

milliseconds in_milliseconds(Duration d) { return milliseconds(d / millisecond); }

// A name that is wrong is complained of elsewhere.
bool takes_down(const FaultStep& step) {
  const auto* kind = find_fault_kind(step.fault);
  return (kind == nullptr || kind->takes_down) && !step.options.held_off;
}

bool passing(const FaultStep& step) {
  const auto* kind = find_fault_kind(step.fault);
  return kind != nullptr && kind->passing;
}

// Whom the faults take down, as stand-ins: n1 leads, n2, n3, ... follow.
struct Casualties {
  std::set<std::string> servers;
  std::vector<std::size_t> unresolved;  // indices of faults without a target
};

Casualties casualties(const Scenario& s) {
  std::vector<std::string> replicas;
  for (std::uint32_t i = 1; i <= s.replicas; ++i) replicas.push_back("n" + std::to_string(i));
  Casualties all;
  for (std::size_t i = 0; i < s.faults.size(); ++i) {
    const auto hit = resolve_target(s.faults[i].target, replicas.front(), replicas);
    if (hit.empty()) all.unresolved.push_back(i);
    if (!takes_down(s.faults[i])) continue;
    all.servers.insert(hit.begin(), hit.end());
  }
  return all;
}

class Rules {
 public:
  explicit Rules(const Scenario& scenario)
      : s(scenario), hit(casualties(scenario)), down(hit.servers.size()) {}

  std::vector<BrokenRule> broken() {
    whole();
    workload();
    faults();
    if (hit.unresolved.empty() && !s.faults.empty()) {
      promise("writes", s.expectations.writes);
      promise("reads", s.expectations.reads);
      resume();
    }
    loss();
    return std::move(broken_);
  }

 private:
  static constexpr auto hold = "spec.timeline.hold";
  static constexpr auto fault_list = "spec.timeline.faults";

  template <class... Arguments>
  void refuse(std::vector<std::string> paths, fmt::format_string<Arguments...> format,
              Arguments&&... arguments) {
    broken_.push_back(
        {std::move(paths), fmt::format(format, std::forward<Arguments>(arguments)...)});
  }

  std::size_t standing() const { return s.replicas - std::min<std::size_t>(down, s.replicas); }
  bool quorum(std::size_t servers) const { return 2 * servers > s.replicas; }
  bool promises(Promise p) const { return s.expectations.writes == p || s.expectations.reads == p; }

  void whole() {
    if (s.replicas > s.brokers)
      refuse({"spec.stream.replicas", "spec.broker.count"},
             "{} replicas do not fit on {} brokers; raise broker.count or lower replicas",
             s.replicas, s.brokers);
    if (s.file_system == "xfs" && s.volume_size < least_xfs)
      refuse({"spec.broker.volume_size", "spec.broker.file_system"},
             "too small for xfs: at least {} MiB are needed", least_xfs);
    if (s.set == "page" && (s.figure.empty() || s.cites.empty()))
      refuse({"metadata.set", "metadata.figure", "metadata.cites"},
             "a scenario of the page needs 'figure' and 'cites', the sentence that it tests");
  }

  void workload() {
    const auto& w = s.workload;
    if (w.min_size > w.max_size)
      refuse({"spec.workload.size.min", "spec.workload.size.max"}, "min is above max, {}",
             w.max_size);
    if (s.expectations.writes != Promise::not_promised && w.in_flight == 0)
      often_enough("spec.workload.rate", "writes", w.rate);
    if (s.expectations.reads == Promise::not_promised) return;
    if (w.rereaders == 0)
      refuse(
          {"spec.workload.consumers.rereaders", "spec.expect.reads"},
          "reads are judged, so at least one rereader is needed: it always has something to read");
    often_enough("spec.workload.consumers.read_rate", "reads", w.read_rate);
  }

  // A gap says nothing where hardly anything is tried.
  void often_enough(const std::string& path, const std::string& what, double rate) {
    const double least = 5e9 / static_cast<double>(s.expectations.max_gap);
    if (rate < least)
      refuse({path, "spec.expect.max_gap", "spec.expect." + what},
             "too low to see a gap of {} in {}; at least {:g} a second",
             to_text(in_milliseconds(s.expectations.max_gap)), what, least);
  }

  void faults() {
    for (const auto i : hit.unresolved)
      refuse({fmt::format("{}[{}].target", fault_list, i), "spec.stream.replicas"},
             "nobody is '{}' in a stream of {} replica{}", s.faults[i].target, s.replicas,
             s.replicas == 1 ? "" : "s");
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      if (s.faults[i].options.held_off && s.faults[i].fault != "worker-drain")
        refuse({fmt::format("{}[{}].held_off", fault_list, i)},
               "means nothing for {}: only a worker-drain is held off", s.faults[i].fault);
    for (std::size_t i = 0; i < s.faults.size(); ++i) options_mean_something(i);
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      if (s.shared_volumes && s.faults[i].fault != "worker-drain")
        refuse({fmt::format("{}[{}].fault", fault_list, i), "spec.broker.volumes"},
               "with shared volumes the broker would be started on another worker, and not be held "
               "down: only a worker-drain goes with them");
    if (s.expectations.manual_restart == ManualRestart::required && !s.faults.empty() &&
        std::ranges::all_of(s.faults, passing))
      refuse({"spec.expect.manual_restart", fault_list},
             "cannot be judged: the faults are over by themselves");
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      if (s.faults[i].at >= s.fault)
        refuse({fmt::format("{}[{}].at", fault_list, i), hold},
               "strikes after the heal; it must be below hold, {}", to_text(s.fault));
    if (s.heal_order == HealOrder::together && s.heal_interval != 0ms)
      refuse(
          {"spec.timeline.heal.interval", "spec.timeline.heal.order"},
          "means nothing where all is healed together; write 'order: one_by_one' or leave it out");
  }

  // Set to their defaults they say nothing, and do no harm.
  void options_mean_something(std::size_t i) {
    const auto& fault = s.faults[i].fault;
    const auto& options = s.faults[i].options;
    const bool flips_bits = fault == "bit-flip";
    if (options.files != FaultOptions{}.files && !flips_bits && fault != "truncate")
      refuse({fmt::format("{}[{}].files", fault_list, i)},
             "means nothing for {}: only bit-flip and truncate damage files", fault);
    if (options.flips != FaultOptions{}.flips && !flips_bits)
      refuse({fmt::format("{}[{}].flips", fault_list, i)},
             "means nothing for {}: only bit-flip flips bits", fault);
  }

  milliseconds last_strike() const {
    return std::ranges::max_element(s.faults, {}, &FaultStep::at)->at;
  }

  void promise(const std::string& what, Promise promised) {
    const auto path = "spec.expect." + what;
    const auto max_gap = in_milliseconds(s.expectations.max_gap);
    const auto pause_gap = in_milliseconds(s.expectations.pause_gap);
    switch (promised) {
      case Promise::not_promised:
        return;
      case Promise::keeps_on:
        needs_quorum(path, "continue");
        held_for(path, "spec.expect.max_gap", 2 * max_gap,
                 "twice max_gap, to see that " + what + " continue");
        return;
      case Promise::pause:
        needs_quorum(path, "pause");
        if (pause_gap < max_gap)
          refuse({"spec.expect.pause_gap", "spec.expect.max_gap"}, "is below max_gap, {}",
                 to_text(max_gap));
        held_for(path, "spec.expect.pause_gap", pause_gap + max_gap,
                 "pause_gap and max_gap, to see that " + what + " are back before the heal");
        return;
      case Promise::stop:
        if (quorum(standing()))
          refuse({path, fault_list, "spec.stream.replicas"},
                 "'stop' cannot be: with the faults in effect {} of {} replicas stand, a quorum; "
                 "did you mean "
                 "'pause' or 'continue'?",
                 standing(), s.replicas);
        if (what == "reads")
          held_for(path, "spec.expect.settle", in_milliseconds(s.expectations.settle) + ten_reads(),
                   "settle and ten attempts, to see that reads stopped");
        else
          held_for(path, hold, least_look, "a while, to see that writes stopped");
        return;
    }
  }

  milliseconds ten_reads() const {
    const milliseconds each(static_cast<std::int64_t>(1000 / s.workload.read_rate));
    return std::max(least_look, attempts * std::max(each, s.workload.read_timeout));
  }

  void needs_quorum(const std::string& path, const std::string& word) {
    if (!quorum(standing()))
      refuse({path, fault_list, "spec.stream.replicas"},
             "'{}' cannot be: with the faults in effect {} of {} replicas stand, no quorum; did "
             "you mean 'stop'?",
             word, standing(), s.replicas);
  }

  void held_for(const std::string& expectation, const std::string& setting, milliseconds least,
                const std::string& why) {
    const auto held = s.fault - last_strike();
    if (held < least)
      refuse({hold, fault_list, expectation, setting},
             "too short: from the last strike to the heal {} are needed ({}), here it is {}",
             to_text(least), why, to_text(std::max(held, 0ms)));
  }

  void resume() {
    if (s.expectations.resume == Resume::not_promised) return;
    const auto least = in_milliseconds(s.expectations.recover_within) + least_look;
    if (s.recovery < least)
      refuse({"spec.timeline.recovery", "spec.expect.recover_within", "spec.expect.resume"},
             "too short to judge recover_within; at least {} are needed", to_text(least));
    if (s.expectations.resume == Resume::quorum) resume_by_quorum();
  }

  void resume_by_quorum() {
    const std::string path = "spec.expect.resume";
    if (quorum(standing())) {
      refuse({path, fault_list, "spec.stream.replicas"},
             "'quorum' cannot be: with the faults in effect {} of {} replicas stand, the quorum is "
             "never lost; "
             "did you mean 'healed'?",
             standing(), s.replicas);
      return;
    }
    if (s.heal_order != HealOrder::one_by_one) {
      refuse({"spec.timeline.heal.order", path},
             "'resume: quorum' is judged step by step; write one_by_one");
      return;
    }
    if (!quorum(standing() + 1) && s.heal_interval < least_look)
      refuse({"spec.timeline.heal.interval", path, fault_list},
             "too short to see that nothing resumes below the quorum; at least {} are needed",
             to_text(least_look));
  }

  void loss() {
    if (s.expectations.loss == LossPromise::none && s.drain < absence_takes + least_look)
      refuse({"spec.timeline.drain", "spec.expect.loss"},
             "too short to judge loss: that a stream is gone takes {} to tell; at least {}",
             to_text(absence_takes), to_text(absence_takes + least_look));
  }

  const Scenario& s;
  const Casualties hit;
  const std::size_t down;
  std::vector<BrokenRule> broken_;
};

}  // namespace

std::vector<BrokenRule> broken_rules(const Scenario& scenario) { return Rules(scenario).broken(); }

}  // namespace faultline
