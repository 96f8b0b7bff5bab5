#include "checkers/offset_consistency.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

bool acknowledges(const History& history, const Sighting& publish) {
  return publish.sequence > 0 && history.operations[publish.operation].outcome == Outcome::ok;
}

// Where loss is not promised, what was said of a log that was lost by now.
class LostLogs {
 public:
  LostLogs(const History& history, const Drained& drain, const std::vector<Sighting>& published)
      : possible_(history.header.expectations.loss == LossPromise::not_promised),
        known_(drain.finished),
        kept_(drain.messages) {
    std::ranges::sort(kept_);
    for_each_value(published, {}, [&](auto sends, auto) {
      const auto stores = [&](const Sighting& send) {
        return may_store(history.operations[send.operation]);
      };
      if (std::ranges::count_if(sends, stores) > 1) sent_again_.push_back(sends.front().value);
    });
  }

  // What is of one, and what is not, only a finished drain tells.
  bool may_explain_conflicts() const { return possible_ && !known_; }

  // Each log has a place of its own for it.
  bool may_have_had(Value value) const {
    return possible_ && std::ranges::binary_search(sent_again_, value);
  }

  bool made(const Sighting& claim) const {
    if (!possible_ || !known_) return false;
    if (!may_have_had(claim.value))
      return !std::ranges::binary_search(kept_, claim.value, {}, &Sighting::value);
    const auto place = [](const Sighting& s) { return std::pair(s.value, s.sequence); };
    return !std::ranges::binary_search(kept_, place(claim), {}, place);
  }

 private:
  bool possible_;
  bool known_;
  std::vector<Sighting> kept_;     // by the log of the drain
  std::vector<Value> sent_again_;  // where more than one send may have stored it
};

// Everything that says which value a sequence holds, in order of sequence.
std::vector<Sighting> claims(const History& history, const LostLogs& lost_logs,
                             const std::vector<Sighting>& published,
                             const std::vector<Sighting>& read) {
  std::vector<Sighting> found;
  found.reserve(published.size() + read.size());
  for (const auto& publish : published)
    if (acknowledges(history, publish) && !lost_logs.made(publish)) found.push_back(publish);
  for (const auto& sighting : read)
    if (!lost_logs.made(sighting)) found.push_back(sighting);
  std::ranges::sort(found, [](const Sighting& a, const Sighting& b) {
    return std::tie(a.sequence, a.value, a.operation) < std::tie(b.sequence, b.value, b.operation);
  });
  return found;
}

struct Conflicts {
  std::uint64_t sequences = 0, conflicting = 0;
};

Conflicts count_conflicts(const History& history, const LostLogs& lost_logs,
                          const std::vector<Sighting>& claims, CheckResult& result) {
  Conflicts conflicts;
  for (auto at = claims.begin(); at != claims.end();) {
    const auto end = std::find_if(
        at, claims.end(), [&](const Sighting& claim) { return claim.sequence != at->sequence; });
    ++conflicts.sequences;
    const auto other =
        std::find_if(at, end, [&](const Sighting& claim) { return claim.value != at->value; });
    if (other != end) {
      ++conflicts.conflicting;
      if (!lost_logs.may_explain_conflicts() && has_room(result))
        add_finding(result, history,
                    "sequence " + std::to_string(at->sequence) + " holds value " +
                        to_string(at->value) + " and value " + to_string(other->value),
                    {at->operation, other->operation});
    }
    at = end;
  }
  return conflicts;
}

std::uint64_t count_moved(const History& history, const LostLogs& lost_logs,
                          const std::vector<Sighting>& published, const std::vector<Sighting>& read,
                          CheckResult& result) {
  std::uint64_t moved = 0;
  for_each_value(published, read, [&](auto published, auto reads) {
    if (reads.empty() || lost_logs.may_have_had(reads.front().value)) return;
    const auto elsewhere = std::ranges::find_if(published, [&](const Sighting& publish) {
      return acknowledges(history, publish) &&
             !std::ranges::binary_search(reads, publish.sequence, {}, &Sighting::sequence);
    });
    if (elsewhere == published.end()) return;
    ++moved;
    if (has_room(result))
      add_finding(result, history,
                  "value " + to_string(elsewhere->value) + ", acknowledged as sequence " +
                      std::to_string(elsewhere->sequence) + ", was read at " +
                      std::to_string(reads.front().sequence),
                  {elsewhere->operation, reads.front().operation});
  });
  return moved;
}

}  // namespace

CheckResult check_offset_consistency(const History& history) {
  CheckResult result;
  result.check = "offset_consistency";
  const auto drain = drained(history);
  const auto published = publishes(history);
  const auto read = messages_read(history);
  const LostLogs lost_logs(history, drain, published);
  const auto [sequences, conflicting] = count_conflicts(
      history, lost_logs, claims(history, lost_logs, published, read), result);
  const auto moved = count_moved(history, lost_logs, published, read, result);
  result.counts = {{"sequences", sequences}, {"conflicting", conflicting}, {"moved", moved}};
  const bool explained = lost_logs.may_explain_conflicts();
  const bool found = moved > 0 || (conflicting > 0 && !explained);
  const auto conflicts = format_count(conflicting, "sequence") + " with several values";
  result.reason = found ? conflicts + ", " + format_count(moved, "value") +
                              " at another sequence than acknowledged"
                        : "every sequence holds one value";
  conclude(result, history, drain, found, !read.empty());
  if (!found && conflicting > 0)
    result.reason = conflicts + ", of which all but one may be of a log that was lost: " +
                    drain.reason;
  return result;
}

}  // namespace faultline
