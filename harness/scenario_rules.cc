#include "harness/scenario_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "faults/partition_shape.h"
#include "faults/target.h"
#include "harness/scenario_keys.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

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

// n1 leads, n2, n3, ... follow.
std::vector<std::string> stand_ins(std::uint32_t count) {
  std::vector<std::string> names;
  for (std::uint32_t i = 1; i <= count; ++i) names.push_back("n" + std::to_string(i));
  return names;
}

// Whom the faults take down, as stand-ins.
struct Casualties {
  std::set<std::string> servers;
  std::vector<std::size_t> unresolved;  // indices of faults without a target
};

Casualties casualties(const Scenario& s) {
  const auto replicas = stand_ins(s.replicas);
  Casualties all;
  for (std::size_t i = 0; i < s.faults.size(); ++i) {
    const auto hit = resolve_target(s.faults[i].target, replicas.front(), replicas);
    if (hit.empty()) all.unresolved.push_back(i);
    if (!takes_down(s.faults[i])) continue;
    if (s.faults[i].fault == "partition")
      all.servers.merge(
          without_majority(cut_links(s.faults[i].options.shape, hit, replicas), replicas));
    else
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
    options();
    partitions();
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

  void options() {
    const FaultOptions defaults;
    for (std::size_t i = 0; i < s.faults.size(); ++i) {
      const auto& fault = s.faults[i].fault;
      const auto& options = s.faults[i].options;
      const auto only = [&](const char* option, const char* owner, bool given) {
        if (given && fault != owner && find_fault_kind(fault) != nullptr)
          refuse({fmt::format("{}[{}].{}", fault_list, i, option)},
                 "means nothing for {}: only {} has it", fault, owner);
      };
      only("held_off", "worker-drain", options.held_off);
      only("shape", "partition", options.shape != defaults.shape);
      only("percent", "packet-loss", options.percent != defaults.percent);
      only("rate", "rate-limit", options.rate != defaults.rate);
      only("delay", "packet-delay", options.delay != defaults.delay);
      only("jitter", "packet-delay", options.jitter != defaults.jitter);
      if (options.jitter >= options.delay)
        refuse({fmt::format("{}[{}].jitter", fault_list, i),
                fmt::format("{}[{}].delay", fault_list, i)},
               "must be below delay, {}: else some packets would not be delayed",
               to_text(options.delay));
    }
  }

  void partitions() {
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      if (s.faults[i].fault == "partition") partition(s.faults[i], i);
  }

  void partition(const FaultStep& step, std::size_t i) {
    const auto target = fmt::format("{}[{}].target", fault_list, i);
    const auto shape = fmt::format("{}[{}].shape", fault_list, i);
    const auto of = step.options.shape;
    const bool of_all =
        of == PartitionShape::halves || of == PartitionShape::bridge || of == PartitionShape::ring;
    if (of_all && s.replicas != s.brokers)
      refuse({shape, "spec.stream.replicas", "spec.broker.count"},
             "it is about every broker, so each must hold the stream: {} replicas, {} brokers",
             s.replicas, s.brokers);
    if (of == PartitionShape::ring) {
      if (step.target != "all") refuse({target, shape}, "a ring is made of 'all'");
      if (s.brokers < 4)
        refuse({shape, "spec.broker.count"},
               "in a ring of {} all are neighbours; at least 4 brokers are needed", s.brokers);
    } else if (nobody_is_cut(step)) {
      refuse({target, shape}, "nobody is on the other side of '{}'", step.target);
    }
  }

  bool nobody_is_cut(const FaultStep& step) const {
    const auto brokers = stand_ins(s.brokers);
    const auto replicas = stand_ins(s.replicas);
    const auto targets = resolve_target(step.target, replicas.front(), replicas);
    return !targets.empty() && cut_links(step.options.shape, targets, brokers).empty();
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
