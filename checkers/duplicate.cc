#include "checkers/duplicate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

struct Copy {
  std::uint64_t sequence = 0;
  std::size_t operation = 0;  // the first that brought it
  Time known = never;         // by then it was there
  Time last_seen = -1;        // a read that was invoked then brought it
  bool drained = false;
};

// In order of when they were known.
std::vector<Copy> copies_of(const History& history, std::span<const Sighting> reads) {
  std::vector<Copy> copies;
  for (const auto& read : reads) {
    const auto& operation = history.operations[read.operation];
    if (copies.empty() || copies.back().sequence != read.sequence)
      copies.push_back({read.sequence, read.operation});
    auto& copy = copies.back();
    copy.known = std::min(copy.known, operation.completed);
    copy.last_seen = std::max(copy.last_seen, operation.invoked);
    copy.drained = copy.drained || operation.kind == OperationKind::drain_read;
  }
  std::ranges::stable_sort(copies, {}, &Copy::known);
  return copies;
}

// Finds another copy that was in the log at the same time: both were drained, or each was
// seen after the other was known.
class Companions {
 public:
  explicit Companions(std::span<const Copy> copies) : copies_(copies) {
    Two latest;
    latest_.push_back(latest);
    for (const Copy& copy : copies) {
      if (copy.drained && !drained_.first)
        drained_.first = &copy;
      else if (copy.drained && !drained_.second)
        drained_.second = &copy;
      if (!latest.first || copy.last_seen > latest.first->last_seen)
        latest = {&copy, latest.first};
      else if (!latest.second || copy.last_seen > latest.second->last_seen)
        latest.second = &copy;
      latest_.push_back(latest);
    }
  }

  const Copy* of(const Copy& copy) const {
    if (const Copy* other = drained_.other_than(copy); other && copy.drained) return other;
    const auto known = std::ranges::lower_bound(copies_, copy.last_seen, {}, &Copy::known);
    const Copy* other = latest_[static_cast<std::size_t>(known - copies_.begin())].other_than(copy);
    return other && other->last_seen > copy.known ? other : nullptr;
  }

 private:
  struct Two {
    const Copy* first = nullptr;
    const Copy* second = nullptr;
    const Copy* other_than(const Copy& copy) const { return first == &copy ? second : first; }
  };

  std::span<const Copy> copies_;
  Two drained_;              // the first two
  std::vector<Two> latest_;  // the two last seen of the first n copies, for each n
};

// When each send was invoked that may have stored something.
std::vector<Time> sends_of(const History& history, std::span<const Sighting> published) {
  std::vector<Time> sends;
  for (const auto& publish : published) {
    const auto& operation = history.operations[publish.operation];
    if (may_store(operation)) sends.push_back(operation.invoked);
  }
  std::ranges::sort(sends);
  return sends;
}

// By how many the copies exceeded the sends before, at the worst moment. Without any send
// one copy is a phantom or an aborted read, and no duplicate.
std::uint64_t more_than_sends(std::span<const Copy> copies, std::span<const Time> sends) {
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const auto before = std::ranges::upper_bound(sends, copies[i].known) - sends.begin();
    const auto possible = std::max<std::size_t>(static_cast<std::size_t>(before), 1);
    if (i + 1 > possible) most = std::max<std::uint64_t>(most, i + 1 - possible);
  }
  return most;
}

struct Duplicates {
  std::uint64_t extra = 0;  // copies
  Copy first, second;       // two of them
  bool together = false;    // these two were there at one time
};

Duplicates find_duplicates(const History& history, std::span<const Sighting> published,
                           std::span<const Copy> copies) {
  Duplicates found;
  if (copies.size() < 2) return found;
  found.extra = more_than_sends(copies, sends_of(history, published));
  found.first = copies[0];
  found.second = copies[1];
  const Companions companions(copies);
  std::uint64_t together = 0;
  for (const Copy& copy : copies) {
    const Copy* other = companions.of(copy);
    if (!other) continue;
    if (++together > 1) continue;
    found.first = copy;
    found.second = *other;
    found.together = true;
  }
  if (together > 0) found.extra = std::max(found.extra, together - 1);
  if (found.second.sequence < found.first.sequence) std::swap(found.first, found.second);
  return found;
}

}  // namespace

CheckResult check_duplicate(const History& history) {
  CheckResult result;
  result.check = "duplicate";
  std::uint64_t values = 0, duplicates = 0, extra = 0;
  for_each_value(publishes(history), messages_read(history), [&](auto published, auto reads) {
    if (reads.empty()) return;
    ++values;
    const auto found = find_duplicates(history, published, copies_of(history, reads));
    if (found.extra == 0) return;
    ++duplicates;
    extra += found.extra;
    if (has_room(result))
      add_finding(result, history,
                  "value " + to_string(reads.front().value) + " is stored as sequence " +
                      std::to_string(found.first.sequence) + " and as " +
                      std::to_string(found.second.sequence) +
                      (found.together ? "" : ", more often than it was sent"),
                  {found.first.operation, found.second.operation});
  });
  result.counts = {{"values", values}, {"duplicates", duplicates}, {"extra_copies", extra}};
  result.reason = duplicates > 0 ? of(duplicates, values) + " values are stored more than once"
                                 : "no value is stored more than once";
  conclude(result, history, drained(history), duplicates > 0, values > 0);
  return result;
}

}  // namespace faultline
