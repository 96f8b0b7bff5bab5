#include "checkers/delivery.h"

#include <algorithm>
#include <compare>
#include <set>
#include <unordered_map>

#include "checkers/format.h"
#include "checkers/groups.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

struct Delivered {
  std::uint32_t group = 0;  // index
  std::uint64_t sequence = 0;
  Value value;
  std::size_t operation = 0;

  bool same_message(const Delivered& other) const {
    return group == other.group && sequence == other.sequence && value == other.value;
  }
  auto operator<=>(const Delivered&) const = default;
};

struct Acknowledged {
  std::uint32_t group = 0;
  std::uint64_t sequence = 0;
  Time completed = 0;
  auto operator<=>(const Acknowledged&) const = default;
};

struct Consumed {  // both sorted
  std::vector<Delivered> deliveries;
  std::vector<Acknowledged> acks;

  bool acked_before(std::uint32_t group, std::uint64_t sequence, Time time) const {
    const auto first = std::ranges::lower_bound(acks, Acknowledged{group, sequence, -never});
    return first != acks.end() && first->group == group && first->sequence == sequence &&
           first->completed < time;
  }
};

Consumed consumed(const History& history, const std::vector<ConsumerGroup>& groups) {
  std::unordered_map<std::uint32_t, std::uint32_t> group_of;  // processes
  for (std::uint32_t i = 0; i < groups.size(); ++i)
    for (const auto process : groups[i].processes) group_of[process] = i;
  Consumed result;
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const auto& operation = history.operations[i];
    const bool delivery = operation.kind == OperationKind::deliver && brings_message(operation);
    const bool ack = operation.kind == OperationKind::ack && operation.outcome == Outcome::ok;
    if (!delivery && !ack) continue;
    const auto group = group_of.find(operation.process);
    if (group == group_of.end()) continue;
    if (delivery)
      result.deliveries.push_back({group->second, operation.sequence, operation.value, i});
    else
      result.acks.push_back({group->second, operation.sequence, operation.completed});
  }
  std::ranges::sort(result.deliveries);
  std::ranges::sort(result.acks);
  return result;
}

// What the product knows as dead letters of the group: it tried as often as it may, and each
// time may have been on the way to a client that was cut off.
std::set<std::uint64_t> dead_letters(const History& history, const ConsumerGroup& group) {
  if (!group.refuses) return {};
  std::set<std::uint64_t> dead;
  for (const auto& event : history.events)
    if (const auto* seen = std::get_if<DeadLettersSeen>(&event.what))
      if (seen->group == group.name) dead = {seen->sequences.begin(), seen->sequences.end()};
  return dead;
}

// Which of the stored messages the group never got. Both are in order of sequence.
std::vector<Sighting> missing(const std::vector<Sighting>& stored,
                              const std::vector<Delivered>& deliveries, std::uint32_t group) {
  std::vector<Sighting> result;
  auto at = std::ranges::lower_bound(deliveries, group, {}, &Delivered::group);
  for (const auto& message : stored) {
    const Delivered wanted{group, message.sequence, message.value, 0};
    while (at != deliveries.end() && *at < wanted) ++at;
    if (at == deliveries.end() || !at->same_message(wanted)) result.push_back(message);
  }
  return result;
}

}  // namespace

CheckResult check_delivery(const History& history) {
  CheckResult result;
  result.check = "delivery";
  const auto drain = drained(history);
  auto groups = consumer_groups(history);
  std::erase_if(groups, [](const ConsumerGroup& group) { return group.name.empty(); });
  const auto [deliveries, acks] = consumed(history, groups);
  const Consumed both{deliveries, acks};

  std::uint64_t redeliveries = 0, after_ack = 0;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    redeliveries += i > 0 && deliveries[i].same_message(deliveries[i - 1]);
    const auto& operation = history.operations[deliveries[i].operation];
    after_ack += operation.deliveries > 1 &&
                 both.acked_before(deliveries[i].group, operation.sequence, operation.completed);
  }

  std::uint64_t undelivered = 0, dead_unseen = 0;
  std::string reason;
  for (const auto& name : drain.end.absent_groups)
    reason += (reason.empty() ? "" : "; ") + ("the group " + name + " is gone for good");
  const bool gone = !reason.empty();
  for (std::uint32_t group = 0; group < groups.size(); ++group) {
    const auto& name = groups[group].name;
    if (drain.end.lags(name)) continue;
    auto lacks = missing(drain.messages, deliveries, group);
    const auto dead = dead_letters(history, groups[group]);
    dead_unseen += std::erase_if(
        lacks, [&](const Sighting& message) { return dead.contains(message.sequence); });
    if (lacks.empty()) continue;
    undelivered += lacks.size();
    reason += (reason.empty() ? "" : "; ") + of(lacks.size(), drain.messages.size()) +
              " stored messages never reached the group " + name;
    for (std::size_t i = 0; drain.finished && i < lacks.size() && has_room(result); ++i)
      add_finding(result, history,
                  "value " + to_string(lacks[i].value) + " at sequence " +
                      std::to_string(lacks[i].sequence) + " never reached the group " + name,
                  {lacks[i].operation});
  }

  result.counts = {{"stored", drain.messages.size()}, {"groups", groups.size()},
                   {"undelivered", undelivered},      {"dead_letters_unseen", dead_unseen},
                   {"redeliveries", redeliveries},    {"delivered_after_ack", after_ack}};
  if (groups.empty()) {
    result.judged = false;
    result.reason = "no consumer group took part";
  } else if (gone || (drain.finished && undelivered > 0)) {
    result.verdict = Verdict::fail;
    result.reason = reason;
  } else if (!drain.finished) {
    result.reason = drain.reason;
  } else if (!drain.end.lagging_groups.empty()) {
    result.reason =
        "the group " + drain.end.lagging_groups.front() + " did not catch up: " + drain.end.reason;
  } else if (drain.messages.empty()) {
    result.reason = "nothing was stored that could have been delivered";
  } else {
    result.verdict = Verdict::pass;
    result.reason = "every stored message reached every group";
  }
  return result;
}

}  // namespace faultline
