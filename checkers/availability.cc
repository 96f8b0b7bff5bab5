#include "checkers/availability.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "checkers/format.h"
#include "checkers/groups.h"
#include "checkers/merged.h"
#include "checkers/timeline.h"

namespace faultline {

namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);
constexpr std::uint64_t enough_attempts = 10;

struct Gap {
  Interval interval;
  std::size_t before = none;  // the operations served at its ends
  std::size_t after = none;
  Duration length() const { return interval.end - interval.begin; }
};

std::vector<Gap> gaps(const Traffic& traffic, Interval window) {
  std::vector<Gap> list;
  auto next = traffic.first_served_after(window.begin);
  Time last = window.begin;
  std::size_t before = none;
  if (next != traffic.served().begin()) {
    last = std::prev(next)->completed;
    before = std::prev(next)->operation;
  }
  for (; next != traffic.served().end() && next->completed <= window.end; ++next) {
    list.push_back({{last, next->completed}, before, next->operation});
    last = next->completed;
    before = next->operation;
  }
  list.push_back({{last, window.end}, before, none});
  return list;
}

Duration longest(const std::vector<Gap>& gaps) {
  Duration length = 0;
  for (const Gap& gap : gaps) length = std::max(length, gap.length());
  return length;
}

Promise promised(const Expectations& expectations, Service service) {
  switch (service) {
    case Service::writes:
      return expectations.writes;
    case Service::reads:
    case Service::deliveries:
      return expectations.reads;
    case Service::direct_reads:
      return Promise::not_promised;
  }
  return Promise::not_promised;
}

class Checker {
 public:
  Checker(const History& history, Service service)
      : Checker(history, service, Traffic(history, service, patience_of(history))) {}

  Checker(const History& history, const ConsumerGroup& group)
      : Checker(history, Service::deliveries, Traffic(history, group, patience_of(history))) {}

  CheckResult run() && {
    find_window();
    if (!takes_part_) {
      result_.reason = who_is_missing(service_);
    } else if (window_.begin == window_.end) {
      result_.reason = "no fault struck";
    } else {
      measure();
      judge();
    }
    count_phases();
    return std::move(result_);
  }

 private:
  Checker(const History& history, Service service, Traffic traffic)
      : history_(history),
        expectations_(history.header.expectations),
        service_(service),
        promise_(promised(expectations_, service)),
        takes_part_(takes_part(history, service)),
        line_(timeline(history)),
        traffic_(std::move(traffic)) {
    result_.check = "availability." + name();
    result_.judged = promise_ != Promise::not_promised && takes_part_;
  }

  static Duration patience_of(const History& history) {
    return history.header.expectations.max_gap / 2;
  }

  std::string name() const { return std::string(to_string(service_)); }

  // From strike to heal, or as far as the run went.
  void find_window() {
    if (!line_.strike) return find_window_without_fault();
    Time end = line_.heal.value_or(line_.end);
    complete_ = line_.heal.has_value();
    for (const Event& event : history_.events) {
      if (!std::holds_alternative<Interrupted>(event.what) || event.time >= end) continue;
      end = event.time;
      complete_ = false;
    }
    window_ = {*line_.strike, std::max(end, *line_.strike)};
  }

  // A control run: all of the steady phase, if it came to the drain.
  void find_window_without_fault() {
    const Interval* steady = line_.phase("steady");
    const Interval* drain = line_.phase("drain");
    if (steady == nullptr || drain == nullptr || line_.phase("fault") != nullptr) return;
    window_ = {steady->begin, drain->begin};
    complete_ = true;
  }

  void measure() {
    gaps_ = gaps(traffic_, window_);
    for (Gap& gap : gaps_)
      if (gap.length() > expectations_.max_gap) gap.interval = traffic_.due(gap.interval);
    longest_ = longest(gaps_);
    const Duration last = gaps_.back().length();
    result_.counts.emplace_back("longest_gap_ns", longest_);
    result_.counts.emplace_back("last_gap_ns", last);
    too_short_ = window_.end - window_.begin <= expectations_.max_gap;
    const bool starved = std::ranges::any_of(gaps_, [this](const Gap& gap) {
      return gap.length() > expectations_.max_gap &&
             traffic_.tried(gap.interval) <= expectations_.max_gap;
    });
    if (starved) return;
    if (longest_ > expectations_.max_gap)
      result_.observed = last <= expectations_.max_gap ? "pause" : "stop";
    else if (!too_short_)
      result_.observed = "continue";
  }

  void judge() {
    switch (promise_) {
      case Promise::not_promised:
        result_.reason = "not promised; " + observation();
        break;
      case Promise::keeps_on:
        judge_gaps(expectations_.max_gap, expectations_.max_gap);
        break;
      case Promise::pause:
        judge_gaps(expectations_.pause_gap,
                   complete_ ? expectations_.max_gap : expectations_.pause_gap);
        break;
      case Promise::stop:
        judge_stop();
        break;
    }
  }

  std::string observation() const {
    const std::string word = result_.observed.empty() ? "" : " " + result_.observed;
    return name() + word + ", longest gap " + format_duration(longest_);
  }

  void judge_gaps(Duration limit, Duration last_limit) {
    std::uint64_t violations = 0;
    const Gap* starved = nullptr;
    for (const Gap& gap : gaps_) {
      const Duration allowed = &gap == &gaps_.back() ? last_limit : limit;
      if (gap.length() <= allowed) continue;
      if (traffic_.tried(gap.interval) <= allowed) {
        starved = &gap;
        continue;
      }
      ++violations;
      sample(gap, allowed);
    }
    result_.counts.emplace_back("gaps_too_long", violations);
    if (violations > 0) {
      result_.verdict = Verdict::fail;
      result_.reason = result_.samples.front().what;
    } else if (starved != nullptr) {
      result_.reason = "no " + name() + " for " + format_duration(starved->length()) + " from " +
                       at(starved->interval.begin) +
                       ", but no client was trying for long enough to judge";
    } else if (!complete_) {
      result_.reason = "the run ended before the fault was healed; " + observation();
    } else if (too_short_) {
      result_.reason = "strike and heal are too close together to judge; " + observation();
    } else {
      result_.verdict = Verdict::pass;
      result_.reason = observation();
    }
  }

  void sample(const Gap& gap, Duration allowed) {
    if (result_.samples.size() == max_samples) return;
    const bool last = gap.after == none;
    Finding finding;
    finding.what = "no " + name() + " for " + format_duration(gap.length()) + " from " +
                   at(gap.interval.begin) + (last ? " until the heal" : "") +
                   ", promised: " + std::string(to_string(promise_)) + ", at most " +
                   format_duration(allowed);
    for (const std::size_t i : {gap.before, gap.after}) {
      if (i != none) finding.operations.push_back(history_.operations[i]);
    }
    result_.samples.push_back(std::move(finding));
  }

  void judge_stop() {
    if (line_.ends_before_heal) {
      result_.reason = "faults ended before the heal: " + name() +
                       " cannot be said to stop where a quorum comes and goes";
      return;
    }
    std::uint64_t attempts = 0;
    std::uint64_t served = 0;
    bool nobody_was_asked = false;
    const auto backlogs = backlogs_of_groups();
    for (const Interval& interval : line_.without_quorum) {
      const Interval stopped = settled(interval);
      const Standing standing = standing_in(stopped);
      std::uint64_t asked = 0;
      const Available available = available_at(stopped.begin, backlogs);
      for (const Operation& o : history_.operations) {
        if (o.kind != operation_kind(service_)) continue;
        if (stopped.contains(o.invoked) && attempts_something(o, available)) {
          const bool to_somebody = standing.contains(o.invoked);
          if (to_somebody && o.answer == Answer::unsent) continue;
          asked += to_somebody;
          ++attempts;
        }
        if (!serves(o, service_) || !stopped.contains(o.completed)) continue;
        if (service_ == Service::writes && o.invoked < stopped.begin) continue;
        ++served;
        sample(o, interval);
      }
      if (standing.length() > expectations_.max_gap && asked < enough_attempts)
        nobody_was_asked = true;
    }
    result_.counts.emplace_back("attempts_without_quorum", attempts);
    result_.counts.emplace_back("served_without_quorum", served);
    if (served > 0) {
      result_.verdict = Verdict::fail;
      result_.reason = std::to_string(served) + " of " + name() + " were served without a quorum";
    } else if (line_.without_quorum.empty()) {
      result_.reason = "a quorum stood all the time";
    } else if (nobody_was_asked) {
      result_.reason = "hardly any attempt at " + attempted() + " reached the brokers that stood";
    } else if (attempts < enough_attempts) {
      result_.reason =
          "only " + format_count(attempts, "attempt") + " at " + attempted() +
          " while no quorum stood" +
          (service_ == Service::writes
               ? ""
               : ", later than " + format_duration(expectations_.settle) + " after the strike");
    } else {
      result_.verdict = Verdict::pass;
      result_.reason =
          name() + " stop: none of " + format_count(attempts, "attempt") + " without a quorum";
    }
  }

  // When a minority stood: attempts then count only if they were sent to it.
  struct Standing {
    std::vector<Interval> intervals;
    bool contains(Time time) const {
      return std::ranges::any_of(intervals, [&](const Interval& i) { return i.contains(time); });
    }
    Duration length() const {
      Duration sum = 0;
      for (const Interval& interval : intervals) sum += interval.end - interval.begin;
      return sum;
    }
  };

  Standing standing_in(Interval stopped) const {
    Standing result;
    std::optional<Time> since;
    const auto end = [&](Time time) {
      const Interval stood{std::max(since.value_or(time), stopped.begin),
                           std::min(time, stopped.end)};
      if (since && stood.begin < stood.end) result.intervals.push_back(stood);
      since.reset();
    };
    for (const Event& event : history_.events) {
      const auto* quorum = std::get_if<QuorumChanged>(&event.what);
      if (quorum == nullptr) continue;
      end(event.time);
      if (quorum->standing > 0) since = event.time;
    }
    end(stopped.end);
    return result;
  }

  // The part of an interval without quorum in which nothing may be served.
  Interval settled(Interval interval) const {
    if (service_ == Service::writes) return interval;
    Time strike = *line_.strike;
    for (const Event& event : history_.events) {
      const auto* fault = std::get_if<FaultChanged>(&event.what);
      const bool struck = fault != nullptr && fault->stage == FaultStage::striking;
      if (struck && event.time <= interval.begin) strike = event.time;
    }
    interval.begin = std::max(interval.begin, strike + expectations_.settle + 1);
    return interval;
  }

  // What there was to serve when an interval without quorum began.
  struct Available {
    std::uint64_t greatest = 0;                 // sequence that was acknowledged
    std::unordered_set<std::uint32_t> pulling;  // for a group that had yet to get a message
  };

  using Backlogs = std::vector<std::pair<ConsumerGroup, Backlog>>;

  Backlogs backlogs_of_groups() const {
    Backlogs backlogs;
    if (service_ != Service::deliveries) return backlogs;
    for (ConsumerGroup& group : consumer_groups(history_)) {
      Backlog backlog(history_, group);
      backlogs.emplace_back(std::move(group), std::move(backlog));
    }
    return backlogs;
  }

  Available available_at(Time time, const Backlogs& backlogs) const {
    Available available;
    for (const Operation& o : history_.operations) {
      if (serves(o, Service::writes) && o.completed <= time) {
        available.greatest = std::max(available.greatest, o.sequence);
      }
    }
    for (const auto& [group, backlog] : backlogs) {
      if (backlog.since(time) == never) continue;
      available.pulling.insert(group.processes.begin(), group.processes.end());
    }
    return available;
  }

  bool attempts_something(const Operation& o, const Available& available) const {
    switch (service_) {
      case Service::writes:
        return !o.duplicate;
      case Service::reads:
        return o.sequence != 0 && o.sequence <= available.greatest;
      case Service::deliveries:
        return available.pulling.contains(o.process);
      case Service::direct_reads:
        return true;
    }
    return true;
  }

  // "deliveries of what was yet to be delivered": what counts as an attempt.
  std::string attempted() const {
    if (service_ == Service::reads) return name() + " of existing messages";
    if (service_ == Service::deliveries) return name() + " of what was yet to be delivered";
    return name();
  }

  void sample(const Operation& o, Interval without_quorum) {
    if (result_.samples.size() == max_samples) return;
    result_.samples.push_back({"served at " + at(o.completed) + ", while no quorum stood from " +
                                   at(without_quorum.begin) + " to " + at(without_quorum.end),
                               {o}});
  }

  void count_phases() {
    for (const auto& [phase, interval] : line_.phases) {
      const auto begin = traffic_.first_served_since(interval.begin);
      const bool last = &interval == &line_.phases.back().second;
      const auto end = last ? traffic_.served().end() : traffic_.first_served_since(interval.end);
      Duration gap = 0;
      Time previous = interval.begin;
      for (auto served = begin; served < end; ++served) {
        gap = std::max(gap, served->completed - previous);
        previous = served->completed;
      }
      gap = std::max(gap, interval.end - previous);
      result_.counts.emplace_back(phase + ".ok", begin < end ? end - begin : 0);
      result_.counts.emplace_back(phase + ".length_ns", interval.end - interval.begin);
      result_.counts.emplace_back(phase + ".longest_gap_ns", gap);
    }
  }

  std::string at(Time time) const { return format_time(time, history_.header.monotonic); }

  const History& history_;
  const Expectations& expectations_;
  const Service service_;
  const Promise promise_;
  const bool takes_part_;
  const Timeline line_;
  const Traffic traffic_;
  CheckResult result_;
  Interval window_;
  bool complete_ = false;   // the window reaches to the heal
  bool too_short_ = false;  // to hold a gap that is too long
  std::vector<Gap> gaps_;
  Duration longest_ = 0;
};

}  // namespace

CheckResult check_availability(const History& history, Service service) {
  const auto groups = acknowledging_groups(history);
  const bool stop = history.header.expectations.reads == Promise::stop;  // then all count at once
  if (service != Service::deliveries || groups.empty() || stop)
    return Checker(history, service).run();
  return of_each(groups, [&](const ConsumerGroup& group) { return Checker(history, group).run(); });
}

}  // namespace faultline
