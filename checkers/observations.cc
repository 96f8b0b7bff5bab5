#include "checkers/observations.h"

#include <algorithm>
#include <utility>

namespace faultline {
namespace {

template <class Wanted>
std::vector<Sighting> sightings(const History& history, Wanted wanted) {
  std::vector<Sighting> found;
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const auto& operation = history.operations[i];
    if (wanted(operation)) found.push_back({operation.value, operation.sequence, i});
  }
  return found;
}

const DrainFinished* last_drain(const History& history) {
  const DrainFinished* last = nullptr;
  for (const auto& event : history.events)
    if (const auto* finished = std::get_if<DrainFinished>(&event.what)) last = finished;
  return last;
}

bool by_sequence(const Sighting& a, const Sighting& b) {
  return std::pair(a.sequence, a.operation) < std::pair(b.sequence, b.operation);
}

// The last answered drain read of each sequence, in order of sequence. A stream
// that starts again during the drain is read again.
std::vector<Sighting> last_answers(const History& history) {
  auto answers = sightings(history, [](const Operation& operation) {
    return operation.kind == OperationKind::drain_read && is_judged_read(operation);
  });
  if (!std::ranges::is_sorted(answers, by_sequence)) std::ranges::sort(answers, by_sequence);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (i + 1 == answers.size() || answers[i + 1].sequence != answers[i].sequence)
      answers[kept++] = answers[i];
  answers.resize(kept);
  return answers;
}

}  // namespace

bool is_judged_read(const Operation& operation) {
  const bool judged = operation.kind == OperationKind::read ||
                      operation.kind == OperationKind::deliver ||
                      operation.kind == OperationKind::drain_read;
  return judged && operation.outcome == Outcome::ok && operation.answer != Answer::none;
}

bool brings_message(const Operation& operation) {
  return is_judged_read(operation) && operation.answer == Answer::message;
}

bool may_store(const Operation& operation) {
  const bool was_stored = operation.outcome == Outcome::ok && operation.duplicate;
  return operation.kind == OperationKind::publish && operation.outcome != Outcome::fail &&
         !was_stored;
}

std::vector<Sighting> publishes(const History& history) {
  auto found = sightings(
      history, [](const Operation& operation) { return operation.kind == OperationKind::publish; });
  std::ranges::sort(found);
  return found;
}

std::vector<Sighting> messages_read(const History& history) {
  auto found = sightings(history, brings_message);
  std::ranges::sort(found);
  return found;
}

Drained drained(const History& history) {
  Drained result;
  auto answers = last_answers(history);
  const auto* end = last_drain(history);
  if (end) result.end = *end;
  if (!end) {
    result.reason = "the final drain is not in the history";
  } else if (end->stream_absent) {
    result.finished = true;
    answers.clear();
  } else if (!end->complete) {
    result.reason = "the final drain did not finish";
    if (!end->reason.empty()) result.reason += ": " + end->reason;
  } else {
    const auto first = std::max<std::uint64_t>(end->first_sequence, 1), last = end->last_sequence;
    std::erase_if(answers, [&](const Sighting& answer) {
      return answer.sequence < first || answer.sequence > last;
    });
    const auto wanted = last < first ? 0 : last - first + 1;
    result.finished = answers.size() == wanted;
    if (!result.finished)
      result.reason =
          "the final drain was answered at only " + of(answers.size(), wanted) + " sequences";
  }
  result.absent = static_cast<std::uint64_t>(std::ranges::count_if(answers, [&](const auto& at) {
    return history.operations[at.operation].answer == Answer::absent;
  }));
  result.present = answers.size() - result.absent;
  std::erase_if(answers, [&](const Sighting& answer) {
    return !brings_message(history.operations[answer.operation]);
  });
  result.messages = std::move(answers);
  return result;
}

void add_finding(CheckResult& result, const History& history, std::string what,
                 std::initializer_list<std::size_t> operations) {
  if (!has_room(result)) return;
  Finding finding{std::move(what), {}};
  for (const auto i : operations) finding.operations.push_back(history.operations[i]);
  result.samples.push_back(std::move(finding));
}

void conclude(CheckResult& result, const History& history, const Drained& drain, bool found,
              bool anything_read) {
  if (found) {
    result.verdict = Verdict::fail;
    return;
  }
  result.verdict = Verdict::unknown;
  if (!history.damage.empty())
    result.reason = "none seen, but the history is damaged: " + history.damage;
  else if (!history.closed)
    result.reason = "none seen, but the history was not ended";
  else if (!drain.finished)
    result.reason = "none seen, but " + drain.reason;
  else if (!anything_read)
    result.reason = "nothing was read";
  else
    result.verdict = Verdict::pass;
}

std::string of(std::uint64_t part, std::uint64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

}  // namespace faultline
