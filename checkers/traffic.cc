#include "checkers/traffic.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace faultline {

namespace {

Time ended(const Operation& o, Time end) { return o.completed == never ? end : o.completed; }

// Joins an interval to the last one if no more than `patience` lies between.
void append(std::vector<Interval>& list, Interval next, Duration patience) {
  if (!list.empty() && next.begin - list.back().end <= patience) {
    list.back().end = std::max(list.back().end, next.end);
  } else {
    list.push_back(next);
  }
}

template <class IsOne>
std::vector<Interval> under_way(const History& history, IsOne is_one, Time end, Duration patience) {
  std::vector<Interval> list;
  for (const Operation& o : history.operations) {
    if (is_one(o)) append(list, {o.invoked, ended(o, end)}, patience);
  }
  return list;
}

// When the history holds records at all, to an eighth of the patience: a
// bucket per stretch of time instead of a sort of every record.
std::vector<Interval> recorded(const History& history, Interval whole, Duration patience) {
  constexpr Duration most_buckets = 1'000'000;
  const Duration width =
      std::max({patience / 8, (whole.end - whole.begin) / most_buckets, Duration{1}});
  std::vector<bool> buckets(static_cast<std::size_t>((whole.end - whole.begin) / width + 1));
  const auto mark = [&](Time time) {
    buckets[static_cast<std::size_t>((time - whole.begin) / width)] = true;
  };
  for (const Operation& o : history.operations) {
    mark(o.invoked);
    if (o.completed != never) mark(o.completed);
  }
  for (const Event& event : history.events) mark(event.time);
  std::vector<Interval> list;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (!buckets[i]) continue;
    const Time begin = whole.begin + static_cast<Duration>(i) * width;
    append(list, {begin, begin + width}, patience);
  }
  return list;
}

std::vector<Interval> intersection(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> list;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    const Interval both{std::max(i->begin, j->begin), std::min(i->end, j->end)};
    if (both.begin < both.end) list.push_back(both);
    (i->end < j->end ? i : j)++;
  }
  return list;
}

}  // namespace

std::string_view to_string(Service service) {
  switch (service) {
    case Service::writes:
      return "writes";
    case Service::reads:
      return "reads";
    case Service::deliveries:
      return "deliveries";
    case Service::direct_reads:
      return "direct_reads";
  }
  return "?";
}

OperationKind operation_kind(Service service) {
  switch (service) {
    case Service::writes:
      return OperationKind::publish;
    case Service::reads:
      return OperationKind::read;
    case Service::deliveries:
      return OperationKind::deliver;
    case Service::direct_reads:
      return OperationKind::direct_read;
  }
  return OperationKind::publish;
}

bool serves(const Operation& o, Service service) {
  return o.kind == operation_kind(service) && o.outcome == Outcome::ok &&
         (service == Service::writes ? !o.duplicate : o.answer == Answer::message);
}

bool takes_part(const History& history, Service service) {
  if (service == Service::deliveries) return !acknowledging_groups(history).empty();
  if (service != Service::reads) return true;
  if (history.header.expectations.reads != Promise::not_promised) return true;
  const auto& [events, operations] = std::tie(history.events, history.operations);
  return std::ranges::any_of(events,
                             [](const Event& event) {
                               const auto* process = std::get_if<ProcessStarted>(&event.what);
                               return process != nullptr &&
                                      (process->role == "reader" || process->role == "rereader");
                             }) ||
         std::ranges::any_of(operations,
                             [](const Operation& o) { return o.kind == OperationKind::read; });
}

std::string_view who_is_missing(Service service) {
  return service == Service::deliveries ? "no consumer group took part" : "nobody read";
}

Backlog::Backlog(const History& history, const ConsumerGroup& group) {
  std::unordered_map<std::uint64_t, Message> by_sequence;
  for (const Operation& o : history.operations)
    if (serves(o, Service::writes)) by_sequence.try_emplace(o.sequence, o.completed, never);
  for (const Operation& o : history.operations) {
    if (!serves(o, Service::deliveries) || !group.has(o)) continue;
    const auto found = by_sequence.find(o.sequence);
    if (found == by_sequence.end()) continue;
    found->second.delivered = std::min(found->second.delivered, o.completed);
  }
  messages_.reserve(by_sequence.size());
  for (const auto& [sequence, message] : by_sequence) messages_.push_back(message);
}

Time Backlog::since(Time time) const {
  Time since = never;
  for (const Message& message : messages_)
    if (message.acknowledged <= time && message.delivered >= time)
      since = std::min(since, message.acknowledged);
  return since;
}

Traffic::Traffic(const History& history, Service service, Duration patience)
    : Traffic(history, service, nullptr, patience) {}

Traffic::Traffic(const History& history, const ConsumerGroup& group, Duration patience)
    : Traffic(history, Service::deliveries, &group, patience) {
  backlog_.emplace(history, group);
}

Traffic::Traffic(const History& history, Service service, const ConsumerGroup* group,
                 Duration patience) {
  const Timeline line = timeline(history);
  const auto is_one = [&](const Operation& o) {
    return o.kind == operation_kind(service) && (group == nullptr || group->has(o));
  };
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const Operation& o = history.operations[i];
    if (is_one(o) && serves(o, service)) served_.push_back({o.completed, i});
  }
  const auto earlier = [](const Served& a, const Served& b) { return a.completed < b.completed; };
  if (!std::is_sorted(served_.begin(), served_.end(), earlier)) {
    std::stable_sort(served_.begin(), served_.end(), earlier);
  }
  trying_ = intersection(under_way(history, is_one, line.end, patience),
                         recorded(history, {line.start, line.end}, patience));
}

Interval Traffic::due(Interval gap) const {
  if (!backlog_) return gap;
  const Time since = std::min(backlog_->since(gap.end), gap.end);
  return {std::max(gap.begin, since), gap.end};
}

std::vector<Traffic::Served>::const_iterator Traffic::first_served_after(Time time) const {
  return std::upper_bound(served_.begin(), served_.end(), time,
                          [](Time t, const Served& s) { return t < s.completed; });
}

std::vector<Traffic::Served>::const_iterator Traffic::first_served_since(Time time) const {
  return std::lower_bound(served_.begin(), served_.end(), time,
                          [](const Served& s, Time t) { return s.completed < t; });
}

Duration Traffic::tried(Interval interval) const {
  Duration sum = 0;
  for (const Interval& trying : trying_) {
    const Time begin = std::max(trying.begin, interval.begin);
    const Time end = std::min(trying.end, interval.end);
    if (begin < end) sum += end - begin;
  }
  return sum;
}

}  // namespace faultline
