#include "checkers/dead_letter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "checkers/format.h"
#include "checkers/groups.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

std::optional<DeadLettersSeen> last_word(const History& history, const ConsumerGroup& group) {
  std::optional<DeadLettersSeen> word;
  for (const auto& event : history.events)
    if (const auto* seen = std::get_if<DeadLettersSeen>(&event.what))
      if (seen->group == group.name) word = *seen;
  return word;
}

struct Deliveries {
  std::uint64_t seen = 0;
  std::uint64_t counted = 0;  // as the broker says, with any of them
  std::size_t last = 0;       // operation
};

using DeliveriesBySequence = std::map<std::uint64_t, Deliveries>;

DeliveriesBySequence deliveries_to(const ConsumerGroup& group, const History& history) {
  DeliveriesBySequence all;
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const auto& operation = history.operations[i];
    if (operation.kind != OperationKind::deliver || !brings_message(operation) ||
        !group.has(operation))
      continue;
    auto& deliveries = all[operation.sequence];
    ++deliveries.seen;
    deliveries.counted = std::max<std::uint64_t>(deliveries.counted, operation.deliveries);
    deliveries.last = i;
  }
  return all;
}

// Which sequences anybody ever saw in use, and which of them for more than one value: a log that
// was lost had them too.
struct Sequences {
  std::unordered_map<std::uint64_t, std::optional<Value>> used;  // absent: not ours, or corrupt
  std::set<std::uint64_t> used_twice;

  explicit Sequences(const History& history) {
    for (const auto& operation : history.operations) {
      if (operation.outcome != Outcome::ok || operation.sequence == 0) continue;
      if (operation.kind == OperationKind::publish || brings_message(operation))
        use(operation.sequence, operation.value);
      else if (operation.answer == Answer::corrupt || operation.answer == Answer::foreign)
        used.try_emplace(operation.sequence);
    }
  }

 private:
  void use(std::uint64_t sequence, Value value) {
    auto& known = used[sequence];
    if (known && *known != value) used_twice.insert(sequence);
    known = value;
  }
};

// Why it cannot be said yet which messages must be dead letters; empty: it can.
std::string unfinished(const std::string& name, const std::optional<DeadLettersSeen>& seen,
                       const Drained& drain) {
  if (!drain.finished) return drain.reason;
  if (drain.end.lost(name)) return "the group " + name + " is gone for good";
  if (drain.end.lags(name))
    return "the group " + name + " did not get everything: " + drain.end.reason;
  if (!seen) return "nobody told what the dead letters of the group " + name + " are";
  if (!seen->complete)
    return "the dead letters of the group " + name + " are not known: " + seen->reason;
  return "";
}

struct Tally {
  std::uint64_t letters = 0, missing = 0, foreign = 0, of_lost = 0;
  std::uint64_t too_often = 0, seen_more_often = 0, seen_less_often = 0;
  std::string not_known;  // the first reason; empty: all is

  void cannot_say(const std::string& why) {
    if (not_known.empty()) not_known = why;
  }
};

void judge_deliveries(const History& history, const ConsumerGroup& group,
                      const DeadLettersSeen& seen, const DeliveriesBySequence& deliveries,
                      Tally& tally, CheckResult& result) {
  for (const auto& [sequence, of_message] : deliveries) {
    tally.seen_more_often += of_message.seen > seen.most_deliveries;
    if (of_message.counted <= seen.most_deliveries) continue;
    ++tally.too_often;
    add_finding(result, history,
                "sequence " + std::to_string(sequence) + " was delivered " +
                    std::to_string(of_message.counted) + " times, of " +
                    std::to_string(seen.most_deliveries) + " allowed of the group " + group.name,
                {of_message.last});
  }
}

void judge_letters(const History& history, const ConsumerGroup& group, const DeadLettersSeen& seen,
                   const DeliveriesBySequence& deliveries, const Drained& drain, Tally& tally,
                   CheckResult& result) {
  const Sequences sequences(history);
  std::set<std::uint64_t> dead(seen.sequences.begin(), seen.sequences.end());
  for (const auto& message : drain.messages) {
    if (dead.erase(message.sequence) == 0) {
      ++tally.missing;
      if (has_room(result))
        add_finding(result, history,
                    "value " + to_string(message.value) + " at sequence " +
                        std::to_string(message.sequence) + " is no dead letter of the group " +
                        group.name,
                    {message.operation});
      continue;
    }
    ++tally.letters;
    const auto seen_of_it = deliveries.find(message.sequence);
    tally.seen_less_often +=
        seen_of_it == deliveries.end() || seen_of_it->second.counted < seen.most_deliveries;
    if (sequences.used_twice.contains(message.sequence))
      tally.cannot_say("sequence " + std::to_string(message.sequence) +
                       " was used twice: its dead letter may be of what was lost");
  }
  for (const auto sequence : dead) {
    if (sequences.used.contains(sequence)) {
      ++tally.of_lost;
      continue;
    }
    ++tally.foreign;
    add_finding(result, history,
                "sequence " + std::to_string(sequence) +
                    " is a dead letter, and no message of the stream, of the group " + group.name,
                {});
  }
}

}  // namespace

CheckResult check_dead_letter(const History& history) {
  CheckResult result;
  result.check = "dead_letter";
  result.judged = history.header.expectations.dead_letters != DeadLetterPromise::not_promised;
  const auto drain = drained(history);
  auto groups = consumer_groups(history);
  std::erase_if(groups, [](const ConsumerGroup& group) { return !group.refuses; });

  Tally tally;
  for (const auto& group : groups) {
    const auto seen = last_word(history, group);
    const auto deliveries = deliveries_to(group, history);
    if (seen) judge_deliveries(history, group, *seen, deliveries, tally, result);
    if (const auto why = unfinished(group.name, seen, drain); !why.empty())
      tally.cannot_say(why);
    else
      judge_letters(history, group, *seen, deliveries, drain, tally, result);
  }

  result.counts = {{"stored", drain.messages.size()},
                   {"groups", groups.size()},
                   {"dead_letters", tally.letters},
                   {"missing", tally.missing},
                   {"foreign", tally.foreign},
                   {"of_lost_messages", tally.of_lost},
                   {"delivered_too_often", tally.too_often},
                   {"seen_more_often", tally.seen_more_often},
                   {"seen_less_often", tally.seen_less_often}};
  if (groups.empty()) {
    result.judged = false;
    result.reason = "no group that never acknowledges took part";
    return result;
  }
  const bool found = tally.missing + tally.foreign + tally.too_often > 0;
  result.reason =
      found ? of(tally.missing, tally.letters + tally.missing) +
                  " stored messages are no dead letters, " +
                  format_count(tally.foreign, "dead letter") + " no stored message, " +
                  format_count(tally.too_often, "message") + " delivered too often"
            : "all " + format_count(tally.letters, "stored message") + " are dead letters";
  if (!found && !tally.not_known.empty())
    result.reason = tally.not_known;
  else
    conclude(result, history, drain, found, tally.letters > 0);
  return result;
}

}  // namespace faultline
