#include "checkers/replicas.h"

#include <algorithm>
#include <map>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

// The last word of each server since the drain began, by name.
std::map<std::string, ReplicaState> last_words(const History& history) {
  std::map<std::string, ReplicaState> states;
  bool draining = false;
  for (const auto& event : history.events) {
    if (const auto* phase = std::get_if<PhaseStarted>(&event.what)) {
      if (phase->phase == "drain") draining = true;
    } else if (const auto* state = std::get_if<ReplicaState>(&event.what)) {
      if (draining) states[state->server] = *state;
    }
  }
  return states;
}

bool interrupted(const History& history) {
  return std::ranges::any_of(history.events, [](const Event& event) {
    return std::holds_alternative<Interrupted>(event.what);
  });
}

// Whether a copy of as many sequences as the drain read cannot hold what the drain found. It
// may hold less of it, where it says that the rest was deleted: that may have been since.
bool contradicts(const ReplicaState& state, const Drained& drain) {
  const auto sequences = drain.present + drain.absent;
  return sequences > 0 &&
         (state.messages > drain.present || state.messages + state.deleted != sequences);
}

// What the copies should look like: as the drain found the stream, else the longest one.
ReplicaState expected(const std::vector<ReplicaState>& holders, const Drained& drain) {
  auto best = *std::ranges::max_element(holders, {}, [&](const ReplicaState& state) {
    const bool agrees = state.first_sequence == drain.end.first_sequence &&
                        state.last_sequence == drain.end.last_sequence;
    return std::pair(drain.finished && agrees, state.last_sequence);
  });
  if (drain.finished && !drain.end.stream_absent) {
    best.first_sequence = drain.end.first_sequence;
    best.last_sequence = drain.end.last_sequence;
    if (contradicts(best, drain)) {
      best.messages = drain.present;
      best.deleted = drain.absent;
    }
  }
  return best;
}

std::string differences(const ReplicaState& state, const ReplicaState& wanted) {
  std::string text;
  const auto compare = [&](const char* name, std::uint64_t is, std::uint64_t should) {
    if (is == should) return;
    if (!text.empty()) text += ", ";
    text.append(name).append(" ").append(std::to_string(is));
    text.append(" instead of ").append(std::to_string(should));
  };
  compare("last sequence", state.last_sequence, wanted.last_sequence);
  compare("first sequence", state.first_sequence, wanted.first_sequence);
  compare("messages", state.messages, wanted.messages);
  compare("deleted", state.deleted, wanted.deleted);
  compare("lost", state.lost, wanted.lost);
  return text;
}

// Values that may have been stored since the drain: the outcome is unknown, and nobody saw them.
std::uint64_t open_values(const History& history) {
  std::uint64_t open = 0;
  for_each_value(publishes(history), messages_read(history), [&](auto published, auto reads) {
    const auto any = [&](Outcome outcome) {
      return std::ranges::any_of(published, [&](const Sighting& publish) {
        return history.operations[publish.operation].outcome == outcome;
      });
    };
    open += reads.empty() && any(Outcome::unknown) && !any(Outcome::ok);
  });
  return open;
}

// By how many messages every copy is longer than what was drained, and otherwise the same,
// where publishes with unknown outcome account for them; else 0.
std::uint64_t applied_late(const History& history, const std::vector<ReplicaState>& holders,
                           const Drained& drain) {
  if (!drain.finished || drain.end.stream_absent || holders.empty()) return 0;
  const auto& copy = holders.front();
  if (copy.last_sequence <= drain.end.last_sequence) return 0;
  const auto late = copy.last_sequence - drain.end.last_sequence;
  const bool empty = drain.present + drain.absent == 0;
  auto grown = copy;
  grown.first_sequence = empty ? drain.end.last_sequence + 1 : drain.end.first_sequence;
  grown.messages = drain.present + late;
  grown.deleted = drain.absent;
  const bool all = std::ranges::all_of(
      holders, [&](const ReplicaState& state) { return differences(state, grown).empty(); });
  return all && late <= open_values(history) ? late : 0;
}

}  // namespace

CheckResult check_replicas(const History& history) {
  CheckResult result;
  result.check = "replicas";
  const auto states = last_words(history);
  const auto drain = drained(history);

  std::string reason;
  const auto add = [&](const std::string& what) {
    add_finding(result, history, what, {});
    reason += (reason.empty() ? "" : "; ") + what;
  };

  std::vector<ReplicaState> holders;
  std::uint64_t unreachable = 0, behind = 0, differing = 0, lost = 0;
  for (const auto& [server, state] : states) {
    if (state.reachable && state.has_stream) holders.push_back(state);
    if (state.reachable) continue;
    ++unreachable;
    add(server + " cannot be reached");
  }
  const bool gone_everywhere = drain.end.stream_absent && holders.empty();
  const std::size_t wanted = history.header.replicas > 0 ? history.header.replicas : states.size();
  if (!gone_everywhere && holders.size() < wanted)
    for (const auto& [server, state] : states)
      if (state.reachable && !state.has_stream) add(server + " does not have the stream");
  if (drain.end.stream_absent)
    for (const auto& state : holders) add(state.server + " has the stream that is not found");

  const auto late = applied_late(history, holders, drain);
  if (!holders.empty()) {
    const auto model = late > 0 ? holders.front() : expected(holders, drain);
    for (const auto& state : holders) {
      if (state.last_sequence < model.last_sequence) ++behind;
      if (const auto text = differences(state, model); !text.empty()) {
        ++differing;
        add(state.server + ": " + text);
      }
      lost += state.lost;
      if (state.lost > 0 && history.header.expectations.loss == LossPromise::none)
        add(state.server + " admits to have lost " + format_count(state.lost, "message"));
    }
  }

  result.counts = {{"servers", states.size()},   {"holding", holders.size()},
                   {"unreachable", unreachable}, {"behind", behind},
                   {"differing", differing},     {"lost_admitted", lost}};
  const bool found = !reason.empty();
  if (states.empty()) {
    result.reason = "no replica's state was recorded in the drain";
  } else if (found && !drain.finished && interrupted(history)) {
    result.reason = "interrupted before the replicas could agree: " + reason;
  } else if (found) {
    result.verdict = Verdict::fail;
    result.reason = reason;
  } else if (late > 0) {
    result.reason = "the replicas hold " + format_count(late, "message") +
                    " more than was drained, which may be a publish with unknown outcome that "
                    "was applied since";
  } else if (gone_everywhere) {
    result.reason = "the stream is gone everywhere: there is nothing to compare";
  } else if (states.size() < wanted) {
    result.reason = "only " + of(states.size(), wanted) + " replicas were recorded";
  } else {
    result.reason = "all " + std::to_string(holders.size()) + " replicas are equal";
    conclude(result, history, drain, false, true);
  }
  return result;
}

}  // namespace faultline
