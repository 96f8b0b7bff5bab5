#include "checkers/recovery.h"

#include <algorithm>
#include <optional>
#include <string>

#include "checkers/format.h"
#include "checkers/groups.h"
#include "checkers/merged.h"
#include "checkers/timeline.h"

namespace faultline {

namespace {

// What the promised time counts from.
struct Moment {
  Time healing = 0;  // the step that leads to it began
  Time time = 0;
  std::string name;
};

std::optional<Moment> healed(const Timeline& line) {
  if (!line.heal || !line.healed) return std::nullopt;
  return Moment{*line.heal, *line.healed, "the heal"};
}

// A quorum that never answered although all is healed is due from the heal on. Which
// of several is meant, where faults end and strike again, nobody can say.
std::optional<Moment> quorum(const Timeline& line) {
  if (line.without_quorum.empty() || line.ends_before_heal) return std::nullopt;
  const Time healing = line.without_quorum.front().end;
  if (!line.quorum_regained.empty()) {
    return Moment{healing, line.quorum_regained.front(), "the quorum"};
  }
  return healed(line);
}

std::optional<Moment> moment(const Timeline& line, Resume resume) {
  switch (resume) {
    case Resume::healed:
      return healed(line);
    case Resume::quorum:
      return quorum(line);
    case Resume::not_promised:
      break;
  }
  return line.without_quorum.empty() || line.ends_before_heal ? healed(line) : quorum(line);
}

// How long the clients of the workload were at it.
Time observed_until(const History& history, const Timeline& line) {
  const Interval* drain = line.phase("drain");
  Time until = drain != nullptr ? drain->begin : line.end;
  for (const Event& event : history.events) {
    if (std::holds_alternative<Interrupted>(event.what)) until = std::min(until, event.time);
  }
  return until;
}

// The first one served from which on, until the time given, there is no longer gap
// in which clients were trying; what is served for a moment only is not back.
std::vector<Traffic::Served>::const_iterator back_for_good(
    const Traffic& traffic, std::vector<Traffic::Served>::const_iterator since, Time until,
    Duration longest) {
  const auto end = traffic.served().end();
  auto back = since;
  for (auto at = since; at != end && at->completed < until; ++at) {
    const auto next = std::next(at);
    const Interval gap{at->completed, next == end ? until : std::min(next->completed, until)};
    if (gap.end - gap.begin <= longest || traffic.tried(traffic.due(gap)) <= longest) continue;
    back = next;
  }
  return back;
}

std::string missing(const Timeline& line, Resume resume) {
  if (!line.strike) return "no fault struck";
  if (resume == Resume::quorum && line.without_quorum.empty()) return "the quorum was never lost";
  if (resume == Resume::quorum && line.ends_before_heal)
    return "faults ended before the heal: it is not known which quorum is meant";
  return "the run ended before everything was healed";
}

CheckResult recovery(const History& history, Service service, const Traffic& traffic) {
  const Expectations& expectations = history.header.expectations;
  const Timeline line = timeline(history);
  const std::string name(to_string(service));

  const bool took_part = takes_part(history, service);
  CheckResult result;
  result.check = "recovery." + name;
  result.judged =
      expectations.resume != Resume::not_promised && service != Service::direct_reads && took_part;
  if (!took_part) {
    result.reason = who_is_missing(service);
    return result;
  }
  const auto from = moment(line, expectations.resume);
  if (!from) {
    result.reason = missing(line, expectations.resume);
    return result;
  }

  const Time until = observed_until(history, line);
  const auto since = traffic.first_served_since(from->time);
  const bool any = since != traffic.served().end();
  const Interval wait{from->time, any ? since->completed : std::max(until, from->time)};
  const Time deadline = traffic.due(wait).begin + expectations.recover_within;
  const auto first = back_for_good(traffic, since, until, expectations.max_gap);
  const bool served = first != traffic.served().end();
  const bool at_once = first == since && traffic.first_served_since(from->healing) != since;
  if (served) {
    const Duration after = at_once ? 0 : first->completed - from->time;
    result.counts.emplace_back("recovered_after_ns", after);
  }

  const std::string within =
      " within " + format_duration(expectations.recover_within) + " of " + from->name;
  if (served && first->completed <= deadline) {
    result.verdict = Verdict::pass;
    result.reason =
        name + " back " +
        (at_once ? "before " : format_duration(first->completed - from->time) + " after ") +
        from->name;
  } else if (until < deadline) {
    result.reason = name + " were not back when the run went on, " +
                    format_duration(std::max<Duration>(until - from->time, 0)) + " after " +
                    from->name;
  } else if (traffic.tried({from->time, deadline}) <= expectations.recover_within / 2) {
    result.reason = "hardly any client was trying " + name + within;
  } else {
    result.verdict = Verdict::fail;
    result.reason =
        "recovery: " + name + " not back" + within + ", " +
        (served ? "but after " + format_duration(first->completed - from->time) : "nor later");
    Finding finding{result.reason, {}};
    if (first != traffic.served().begin()) {
      finding.operations.push_back(history.operations[std::prev(first)->operation]);
    }
    if (served) finding.operations.push_back(history.operations[first->operation]);
    result.samples.push_back(std::move(finding));
  }
  if (!result.judged) {
    result.verdict = Verdict::unknown;
    result.reason = "not promised; " + result.reason;
    result.samples.clear();
  }
  return result;
}

}  // namespace

CheckResult check_recovery(const History& history, Service service) {
  const Duration patience = history.header.expectations.max_gap / 2;
  const auto groups = acknowledging_groups(history);
  if (service != Service::deliveries || groups.empty())
    return recovery(history, service, Traffic(history, service, patience));
  return of_each(groups, [&](const ConsumerGroup& group) {
    return recovery(history, service, Traffic(history, group, patience));
  });
}

}  // namespace faultline
