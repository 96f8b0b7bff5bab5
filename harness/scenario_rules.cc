#include "harness/scenario_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "faults/partition_shape.h"
#include "faults/target.h"
#include "harness/agenda.h"
#include "harness/known_issue.h"
#include "harness/scenario_keys.h"
#include "harness/who_is_hit.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::uint32_t least_xfs = 300;     // MiB; mkfs.xfs makes none that is smaller
constexpr int attempts = 10;                 // reads that must be seen unanswered to call it a stop
constexpr milliseconds least_look = 5s;      // so long a state is looked at before it is believed
constexpr milliseconds refusal_ends = 20s;   // what is not told at once of the last deliveries
constexpr milliseconds absence_takes = 60s;  // "stream not found" for so long is a finished drain

milliseconds in_milliseconds(Duration d) { return milliseconds(d / millisecond); }

bool is_of_the_metadata(const FaultStep& step) {
  const auto* kind = find_fault_kind(step.fault);
  return kind != nullptr && kind->needs == Needs::metadata;
}

bool comes_and_goes(const FaultStep& step) { return step.lasts != 0ms || step.times > 1; }

// What ends the broker's process waits for a disk that is frozen, and so does what writes to it.
bool waits_for_the_disk(const FaultStep& step) {
  const auto* kind = find_fault_kind(step.fault);
  return kind != nullptr && (kind->needs == Needs::volume || kind->needs == Needs::supervisor ||
                             (kind->takes_down && !kind->answers));
}

bool takes_the_volume_away(const FaultStep& step) {
  return step.fault == "volume-detach" || step.fault == "power-loss" || step.fault == "volume-wipe";
}

bool writes_to_the_volume(const FaultStep& step) {
  return step.fault == "bit-flip" || step.fault == "truncate" || step.fault == "disk-full";
}

// Its rules or its queueing discipline have one name on each worker.
bool is_once_on_a_worker(const std::string& fault) {
  return fault == "partition" || fault == "packet-loss" || fault == "rate-limit" ||
         fault == "packet-delay" || fault == "clients-cut";
}

class Rules {
 public:
  explicit Rules(const Scenario& scenario) : s(scenario) {}

  std::vector<BrokenRule> broken() {
    whole();
    workload();
    targets();
    options();
    repetitions();
    metadata();
    faults();
    partitions();
    if (resolved_) together();
    if (resolved_ && repeats_ && !s.faults.empty()) {
      down_ = surely_down(s);
      most_down_ = most_down_at_once(s);
      promise("writes", s.expectations.writes);
      promise("reads", s.expectations.reads);
      resume();
    }
    if (s.faults.empty()) control();
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

  static std::string key(std::size_t fault, const std::string& name) {
    return fmt::format("{}[{}].{}", fault_list, fault, name);
  }

  std::size_t standing() const { return s.replicas - std::min<std::size_t>(down_, s.replicas); }
  // Of a server that is cut off, or has no disk, the harness sees that it runs.
  bool most_still_answer() const { return quorum(standing()) && !quorum(least_standing()); }
  std::size_t least_standing() const { return s.replicas - most_down_; }
  bool quorum(std::size_t servers) const { return 2 * servers > s.replicas; }

  void control() {
    const auto only = [&](const char* what, Promise promised) {
      if (promised != Promise::keeps_on && promised != Promise::not_promised)
        refuse({fmt::format("spec.expect.{}", what), fault_list},
               "without a fault there is nothing but 'continue' to be promised");
    };
    only("writes", s.expectations.writes);
    only("reads", s.expectations.reads);
    if (s.expectations.resume != Resume::not_promised)
      refuse({"spec.expect.resume", fault_list}, "cannot be judged without a fault");
    if (s.expectations.manual_restart == ManualRestart::required)
      refuse({"spec.expect.manual_restart", fault_list}, "cannot be judged without a fault");
  }

  void whole() {
    if (s.replicas > s.brokers)
      refuse({"spec.stream.replicas", "spec.broker.count"},
             "{} replicas do not fit on {} brokers; raise broker.count or lower replicas",
             s.replicas, s.brokers);
    if (s.partitions > 1 && s.broker_product != "memphis")
      refuse({"spec.stream.partitions", "spec.broker.product"},
             "streams of {} have one partition; write 'product: memphis'", s.broker_product);
    if (s.partitions > 1 && s.replicas != s.brokers)
      refuse({"spec.stream.partitions", "spec.stream.replicas", "spec.broker.count"},
             "of several each broker must hold all, or one fault would mean something else for "
             "each of them: {} replicas, {} brokers",
             s.replicas, s.brokers);
    if (s.file_system == "xfs" && s.volume_size < least_xfs)
      refuse({"spec.broker.volume_size", "spec.broker.file_system"},
             "too small for xfs: at least {} MiB are needed", least_xfs);
    if (s.set == "page" && (s.figure.empty() || s.cites.empty()))
      refuse({"metadata.set", "metadata.figure", "metadata.cites"},
             "a scenario of the page needs 'figure' and 'cites', the sentence that it tests");
    if (!s.known_issue.versions.empty() && has_empty_range(s.known_issue.versions))
      refuse({"metadata.known_issue.versions"}, "a range in it ends before it begins");
    if (!s.known_issue.id.empty() && s.known_issue.checks.empty())
      refuse({"metadata.known_issue.checks"}, "names no check: then no failure is known");
  }

  void workload() {
    const auto& w = s.workload;
    if (w.min_size > w.max_size)
      refuse({"spec.workload.size.min", "spec.workload.size.max"}, "min is above max, {}",
             w.max_size);
    dead_letters();
    if (w.resend && s.expectations.linearizability == LinearizabilityPromise::required)
      refuse(
          {"spec.workload.resend", "spec.expect.linearizability"},
          "cannot both be: a value that is sent again has no one moment at which it was written");
    if (s.expectations.writes != Promise::not_promised && w.in_flight == 0)
      often_enough("spec.workload.rate", "writes", w.rate, s.partitions);
    if (s.expectations.reads == Promise::not_promised) return;
    if (w.rereaders == 0)
      refuse(
          {"spec.workload.consumers.rereaders", "spec.expect.reads"},
          "reads are judged, so at least one rereader is needed: it always has something to read");
    often_enough("spec.workload.consumers.read_rate", "reads", w.read_rate);
  }

  // Each time a message is refused it comes again after ack_wait.
  void dead_letters() {
    const auto& w = s.workload;
    if (w.refusers == 0) {
      if (s.expectations.dead_letters != DeadLetterPromise::not_promised)
        refuse({"spec.expect.dead_letters", "spec.workload.consumers.refusers"},
               "cannot be judged: nobody refuses; write 'refusers: 1'");
      return;
    }
    const auto takes = w.max_deliveries * w.ack_wait + refusal_ends;
    if (s.drain < takes)
      refuse({"spec.timeline.drain", "spec.workload.max_deliveries",
              "spec.workload.timeouts.ack_wait"},
             "too short for {} deliveries of the last message, {} apart: at least {}",
             w.max_deliveries, to_text(w.ack_wait), to_text(takes));
  }

  // A gap says nothing where hardly anything is tried.
  void often_enough(const std::string& path, const std::string& what, double rate,
                    std::uint32_t shared_by = 1) {
    const double least = shared_by * 5e9 / static_cast<double>(s.expectations.max_gap);
    if (rate < least)
      refuse({path, "spec.expect.max_gap", "spec.expect." + what},
             "too low to see a gap of {} in {}; at least {:g} a second",
             to_text(in_milliseconds(s.expectations.max_gap)), what, least);
  }

  void targets() {
    for (std::size_t i = 0; i < s.faults.size(); ++i) {
      const FaultStep& step = s.faults[i];
      if (hit_by(s, step).empty()) {
        resolved_ = false;
        refuse({key(i, "target"), "spec.stream.replicas"},
               "nobody is '{}' in a stream of {} replica{}", step.target, s.replicas,
               s.replicas == 1 ? "" : "s");
      }
      if (step.fault == "leader-churn" && step.target != "leader")
        refuse({key(i, "target")}, "leader-churn hits the leader, whoever it is by then");
    }
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      if (s.faults[i].fault == "leader-churn" && s.replicas == 1)
        refuse({key(i, "fault"), "spec.stream.replicas"},
               "nobody could lead instead in a stream of 1 replica");
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      if (s.shared_volumes && s.faults[i].fault != "worker-drain")
        refuse({key(i, "fault"), "spec.broker.volumes"},
               "with shared volumes the broker would be started on another worker, and not be held "
               "down: only a worker-drain goes with them");
  }

  void repetitions() {
    for (std::size_t i = 0; i < s.faults.size(); ++i) {
      const FaultStep& step = s.faults[i];
      const auto before = broken_.size();
      if (step.lasts != 0ms && passing(step))
        refuse({key(i, "for")}, "means nothing for {}: it is over by itself", step.fault);
      if (step.times > 1 && step.every == 0ms)
        refuse({key(i, "times")}, "needs 'every', the time from one strike to the next");
      if (step.times == 1 && step.every != 0ms)
        refuse({key(i, "every")}, "means nothing where the fault strikes once; write 'times' too");
      if (step.times > 1 && step.lasts == 0ms && !passing(step))
        refuse({key(i, "times")}, "needs 'for': {} must end before it can strike again",
               step.fault);
      if (step.times > 1 && step.every != 0ms && step.lasts >= step.every)
        refuse({key(i, "for"), key(i, "every")}, "must be below every, {}", to_text(step.every));
      repeats_ = repeats_ && broken_.size() == before;
    }
  }

  void metadata() {
    for (std::size_t i = 0; i < s.faults.size(); ++i) {
      const FaultStep& step = s.faults[i];
      if (!is_of_the_metadata(step)) continue;
      if (s.broker_product != "memphis")
        refuse({key(i, "fault"), "spec.broker.product"},
               "{} breaks the database of Memphis: {} has none", step.fault, s.broker_product);
      if (step.target != "all")
        refuse({key(i, "target")}, "{} hits what all brokers share; write 'all'", step.fault);
    }
  }

  void faults() {
    if (s.expectations.manual_restart == ManualRestart::required && !s.faults.empty() &&
        !std::ranges::all_of(s.faults,
                             [](const auto& step) { return seen_down(step) && !passing(step); }))
      refuse({"spec.expect.manual_restart", fault_list},
             "cannot be judged: it needs faults that all take a broker down and hold it there");
    for (std::size_t i = 0; i < s.faults.size(); ++i) {
      const FaultStep& step = s.faults[i];
      const auto last = last_strike(step);
      if (last >= s.fault)
        refuse({key(i, step.times == 1 ? "at" : "times"), hold},
               "strikes after the heal; it must be below hold, {}", to_text(s.fault));
      else if (last + step.lasts > s.fault)
        refuse({key(i, "for"), hold}, "ends after hold, {}: leave it out, or raise hold",
               to_text(s.fault));
    }
    if (s.heal_order == HealOrder::together && s.heal_interval != 0ms)
      refuse(
          {"spec.timeline.heal.interval", "spec.timeline.heal.order"},
          "means nothing where all is healed together; write 'order: one_by_one' or leave it out");
  }

  // What cannot be done to one server at the same time would break the run in the middle.
  void together() {
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      for (std::size_t j = 0; j < s.faults.size(); ++j) {
        const FaultStep &one = s.faults[i], &other = s.faults[j];
        if (i == j || !may_meet(s, one, other)) continue;
        if (one.fault == "disk-frozen" && waits_for_the_disk(other) &&
            (other.fault != "disk-frozen" || i < j))
          refuse({key(j, "fault"), key(i, "fault")},
                 "may meet disk-frozen on the same server, and would wait for the disk; let one "
                 "end before ('for'), or choose other targets");
        if (takes_the_volume_away(one) && writes_to_the_volume(other) &&
            one.at <= last_strike(other))
          refuse({key(j, "fault"), key(i, "fault")},
                 "may find no volume on the same server, which {} has taken away; let that end "
                 "before ('for'), or choose other targets",
                 one.fault);
        if (one.fault == other.fault && is_once_on_a_worker(one.fault) && i < j)
          refuse({key(j, "fault"), key(i, "fault")},
                 "may meet another {} on the same server; let one end before ('for'), or choose "
                 "other targets",
                 one.fault);
        if (is_of_the_metadata(one) && is_of_the_metadata(other) && i < j)
          refuse({key(j, "fault"), key(i, "fault")},
                 "may meet {}: there is one database; let one end before ('for')", one.fault);
        if (one.fault == "rate-limit" && other.fault == "packet-delay")
          refuse({key(j, "fault"), key(i, "fault")},
                 "may meet rate-limit on the same server: there is one queueing discipline; let "
                 "one end before ('for'), or choose other targets");
      }
  }

  // Set to their defaults they say nothing, and do no harm.
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
      if (options.files != defaults.files && fault != "bit-flip" && fault != "truncate" &&
          find_fault_kind(fault) != nullptr)
        refuse({key(i, "files")}, "means nothing for {}: only bit-flip and truncate have it",
               fault);
      only("flips", "bit-flip", options.flips != defaults.flips);
      only("subject", "control-request", !options.subject.empty());
      only("body", "control-request", !options.body.empty());
      only("succeeds", "control-request", options.succeeds);
      if (fault == "control-request" && options.subject.empty())
        refuse({key(i, "fault")}, "needs 'subject', to which the request is sent");
      if (fault == "control-request" && s.faults[i].target != "all")
        refuse({key(i, "target")}, "a request is sent to whoever takes it; write 'all'");
      only("interval", "leader-churn", options.interval != defaults.interval);
      only("held_off", "worker-drain", options.held_off);
      only("shape", "partition", options.shape != defaults.shape);
      only("percent", "packet-loss", options.percent != defaults.percent);
      only("rate", "rate-limit", options.rate != defaults.rate);
      if (fault != "metadata-slow") only("delay", "packet-delay", options.delay != defaults.delay);
      only("jitter", "packet-delay", options.jitter != defaults.jitter);
      if (options.jitter >= options.delay && fault != "metadata-slow")
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

  milliseconds latest_strike() const {
    return std::ranges::max(planned_strikes(s), {}, &PlannedStrike::at).at;
  }

  // Where a quorum comes and goes nobody can say that it is missing.
  bool all_last(const std::string& path, const std::string& word) {
    for (std::size_t i = 0; i < s.faults.size(); ++i)
      if (s.faults[i].lasts != 0ms) {
        refuse({path, key(i, "for")},
               "'{}' cannot be judged: it needs faults that all last until the heal, and {} ends "
               "before",
               word, s.faults[i].fault);
        return false;
      }
    return true;
  }

  // A pause that the next strike makes longer is not told from one that is too long.
  void pauses_apart(const std::string& path, milliseconds least) {
    if (std::ranges::none_of(s.faults, comes_and_goes)) return;
    auto strikes = planned_strikes(s);
    std::ranges::stable_sort(strikes, {}, &PlannedStrike::at);
    const auto too_close =
        std::ranges::adjacent_find(strikes, [&](const PlannedStrike& a, const PlannedStrike& b) {
          return a.at != b.at && b.at - a.at < least;
        });
    if (too_close == strikes.end()) return;
    const auto& next = *std::next(too_close);
    refuse({key(static_cast<std::size_t>(next.step - s.faults.data()),
                next.step->times > 1 ? "every" : "at"),
            path, "spec.expect.pause_gap"},
           "{} after the strike before: too short to tell one pause from the next; at least {} are "
           "needed (pause_gap and max_gap)",
           to_text(next.at - too_close->at), to_text(least));
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
        pauses_apart(path, pause_gap + max_gap);
        return;
      case Promise::stop:
        if (!all_last(path, "stop")) return;
        if (quorum(standing()))
          refuse(
              {path, fault_list, "spec.stream.replicas"},
              "'stop' cannot be: with the faults in effect {} of {} replicas {}; did you mean {}?",
              standing(), s.replicas,
              most_still_answer() ? "still answer the harness, so that it sees a quorum"
                                  : "stand, a quorum",
              most_still_answer() ? "'not_promised'" : "'pause' or 'continue'");
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
    if (!quorum(least_standing()))
      refuse({path, fault_list, "spec.stream.replicas"},
             "'{}' cannot be: with the faults in effect {} of {} replicas stand, no quorum; did "
             "you mean '{}'?",
             word, least_standing(), s.replicas, most_still_answer() ? "not_promised" : "stop");
  }

  void held_for(const std::string& expectation, const std::string& setting, milliseconds least,
                const std::string& why) {
    const auto held = planned_heal(s) - latest_strike();
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
    if (!all_last(path, "quorum")) return;
    if (quorum(standing())) {
      refuse(
          {path, fault_list, "spec.stream.replicas"},
          "'quorum' cannot be: with the faults in effect {} of {} replicas stand, or still answer "
          "the harness: the quorum is never seen lost; did you mean 'healed'?",
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

  // What the faults themselves destroy, at one time, may be no more than a quorum can replace.
  void destruction() {
    std::set<std::string> destroyed;
    for (const FaultStep& step : s.faults)
      if (step.fault == "volume-wipe" || step.fault == "bit-flip" || step.fault == "truncate")
        destroyed.merge(hit_by(s, step));
    if (s.expectations.loss == LossPromise::none && !destroyed.empty() &&
        !quorum(s.replicas - std::min<std::size_t>(destroyed.size(), s.replicas)))
      refuse({"spec.expect.loss", fault_list},
             "the faults destroy {} of {} copies themselves: write 'loss: not_promised'",
             destroyed.size(), s.replicas);
  }

  void loss() {
    destruction();
    if (s.expectations.loss == LossPromise::none && s.drain < absence_takes + least_look)
      refuse({"spec.timeline.drain", "spec.expect.loss"},
             "too short to judge loss: that a stream is gone takes {} to tell; at least {}",
             to_text(absence_takes), to_text(absence_takes + least_look));
  }

  const Scenario& s;
  bool resolved_ = true;  // every target is somebody
  bool repeats_ = true;   // every repetition makes sense
  std::size_t down_ = 0, most_down_ = 0;
  std::vector<BrokenRule> broken_;
};

}  // namespace

std::vector<BrokenRule> broken_rules(const Scenario& scenario) { return Rules(scenario).broken(); }

}  // namespace faultline
