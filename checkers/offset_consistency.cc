#include "checkers/offset_consistency.h"

#include <algorithm>
#include <tuple>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

bool acknowledges(const History& history, const Sighting& publish) {
  return publish.sequence > 0 && history.operations[publish.operation].outcome == Outcome::ok;
}

// Everything that says which value a sequence holds, in order of sequence.
std::vector<Sighting> claims(const History& history, const Drained& drain,
                             const std::vector<Sighting>& published,
                             const std::vector<Sighting>& read) {
  auto kept = drain.messages;
  std::ranges::sort(kept);
  const bool only_kept =
      drain.finished && history.header.expectations.loss == LossPromise::not_promised;
  const auto gone = [&](const Sighting& claim) {
    return only_kept && !std::ranges::binary_search(kept, claim.value, {}, &Sighting::value);
  };
  std::vector<Sighting> found;
  found.reserve(published.size() + read.size());
  for (const auto& publish : published)
    if (acknowledges(history, publish) && !gone(publish)) found.push_back(publish);
  for (const auto& sighting : read)
    if (!gone(sighting)) found.push_back(sighting);
  std::ranges::sort(found, [](const Sighting& a, const Sighting& b) {
    return std::tie(a.sequence, a.value, a.operation) < std::tie(b.sequence, b.value, b.operation);
  });
  return found;
}

struct Conflicts {
  std::uint64_t sequences = 0, conflicting = 0;
};

Conflicts count_conflicts(const History& history, const std::vector<Sighting>& claims,
                          CheckResult& result) {
  Conflicts conflicts;
  for (auto at = claims.begin(); at != claims.end();) {
    const auto end = std::find_if(
        at, claims.end(), [&](const Sighting& claim) { return claim.sequence != at->sequence; });
    ++conflicts.sequences;
    const auto other =
        std::find_if(at, end, [&](const Sighting& claim) { return claim.value != at->value; });
    if (other != end) {
      ++conflicts.conflicting;
      if (has_room(result))
        add_finding(result, history,
                    "sequence " + std::to_string(at->sequence) + " holds value " +
                        to_string(at->value) + " and value " + to_string(other->value),
                    {at->operation, other->operation});
    }
    at = end;
  }
  return conflicts;
}

std::uint64_t count_moved(const History& history, const std::vector<Sighting>& published,
                          const std::vector<Sighting>& read, CheckResult& result) {
  std::uint64_t moved = 0;
  for_each_value(published, read, [&](auto published, auto reads) {
    if (reads.empty()) return;
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
  const auto [sequences, conflicting] =
      count_conflicts(history, claims(history, drain, published, read), result);
  const auto moved = count_moved(history, published, read, result);
  result.counts = {{"sequences", sequences}, {"conflicting", conflicting}, {"moved", moved}};
  const bool found = conflicting + moved > 0;
  result.reason = found
                      ? format_count(conflicting, "sequence") + " with several values, " +
                            format_count(moved, "value") + " at another sequence than acknowledged"
                      : "every sequence holds one value";
  conclude(result, history, drain, found, !read.empty());
  return result;
}

}  // namespace faultline
