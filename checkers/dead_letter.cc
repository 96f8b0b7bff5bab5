#include "checkers/dead_letter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

struct Refusing {
  std::set<std::uint32_t> processes;
  std::optional<DeadLettersSeen> seen;  // the last word
};

std::map<std::string, Refusing> refusing_groups(const History& history) {
  std::map<std::string, Refusing> groups;
  for (const auto& event : history.events)
    if (const auto* process = std::get_if<ProcessStarted>(&event.what))
      if (process->role == "refusing") groups[process->group].processes.insert(process->process);
  for (const auto& event : history.events)
    if (const auto* seen = std::get_if<DeadLettersSeen>(&event.what))
      if (const auto group = groups.find(seen->group); group != groups.end())
        group->second.seen = *seen;
  return groups;
}

struct Deliveries {
  std::uint64_t seen = 0;
  std::uint64_t counted = 0;  // as the broker says, with the last of them
  std::size_t last = 0;       // operation

  std::uint64_t most() const { return std::max(seen, counted); }
};

// By sequence.
std::map<std::uint64_t, Deliveries> deliveries_to(const Refusing& group, const History& history) {
  std::map<std::uint64_t, Deliveries> all;
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const auto& operation = history.operations[i];
    if (operation.kind != OperationKind::deliver || !brings_message(operation) ||
        !group.processes.contains(operation.process))
      continue;
    auto& deliveries = all[operation.sequence];
    ++deliveries.seen;
    deliveries.counted = std::max<std::uint64_t>(deliveries.counted, operation.deliveries);
    deliveries.last = i;
  }
  return all;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// Why it cannot be said yet which messages must be dead letters; empty: it can.
std::string unfinished(const std::string& name, const Refusing& group, const Drained& drain) {
  if (!drain.finished) return drain.reason;
  if (contains(drain.end.absent_groups, name)) return "the group " + name + " is gone for good";
  if (contains(drain.end.lagging_groups, name))
    return "the group " + name + " did not get everything: " + drain.end.reason;
  if (!group.seen) return "nobody told what the dead letters of the group " + name + " are";
  if (!group.seen->complete)
    return "the dead letters of the group " + name + " are not known: " + group.seen->reason;
  return "";
}

}  // namespace

CheckResult check_dead_letter(const History& history) {
  CheckResult result;
  result.check = "dead_letter";
  result.judged = history.header.expectations.dead_letters != DeadLetterPromise::not_promised;
  const auto drain = drained(history);
  const auto groups = refusing_groups(history);

  std::uint64_t letters = 0, missing = 0, foreign = 0, too_often = 0;
  std::string not_known;
  for (const auto& [name, group] : groups) {
    const std::string to_group = " of the group " + name;
    if (group.seen) {
      for (const auto& [sequence, deliveries] : deliveries_to(group, history)) {
        if (deliveries.most() <= group.seen->most_deliveries) continue;
        ++too_often;
        add_finding(result, history,
                    "sequence " + std::to_string(sequence) + " was delivered " +
                        std::to_string(deliveries.most()) + " times, of " +
                        std::to_string(group.seen->most_deliveries) + " allowed" + to_group,
                    {deliveries.last});
      }
    }
    if (const auto why = unfinished(name, group, drain); !why.empty()) {
      if (not_known.empty()) not_known = why;
      continue;
    }
    std::set<std::uint64_t> dead(group.seen->sequences.begin(), group.seen->sequences.end());
    for (const auto& message : drain.messages) {
      if (dead.erase(message.sequence) > 0) {
        ++letters;
        continue;
      }
      ++missing;
      if (has_room(result))
        add_finding(result, history,
                    "value " + to_string(message.value) + " at sequence " +
                        std::to_string(message.sequence) + " is no dead letter" + to_group,
                    {message.operation});
    }
    for (const auto sequence : dead) {
      ++foreign;
      add_finding(result, history,
                  "sequence " + std::to_string(sequence) +
                      " is a dead letter, and no message of the stream" + to_group,
                  {});
    }
  }

  result.counts = {{"stored", drain.messages.size()},
                   {"groups", groups.size()},
                   {"dead_letters", letters},
                   {"missing", missing},
                   {"foreign", foreign},
                   {"delivered_too_often", too_often}};
  if (groups.empty()) {
    result.judged = false;
    result.reason = "no group that never acknowledges took part";
    return result;
  }
  const bool found = missing + foreign + too_often > 0;
  result.reason = found
                      ? of(missing, letters + missing) + " stored messages are no dead letters, " +
                            format_count(foreign, "dead letter") + " no stored message, " +
                            format_count(too_often, "message") + " delivered too often"
                      : "all " + format_count(letters, "stored message") + " are dead letters";
  if (!found && !not_known.empty())
    result.reason = not_known;
  else
    conclude(result, history, drain, found, letters > 0);
  return result;
}

}  // namespace faultline
