#include "checkers/reorder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

// A publish whose place in the log is known.
struct Stored {
  std::uint64_t sequence = 0;
  std::size_t publish = 0;
  Time invoked = 0;
  Time acknowledged = never;
  Time known = never;              // by then it was certainly stored
  Time last_seen = -1;             // the last read that brought it was invoked then
  std::size_t last_read = nobody;  // that read
};

// `first`: nothing that was published before can be what the reads brought.
std::optional<Stored> place(const History& history, const Sighting& publish, bool first,
                            std::span<const Sighting> reads) {
  const auto& operation = history.operations[publish.operation];
  const bool acknowledged = operation.outcome == Outcome::ok;
  if (operation.outcome == Outcome::fail || operation.duplicate) return std::nullopt;

  Stored stored;
  if (acknowledged) stored.sequence = operation.sequence;
  if (stored.sequence == 0 && first && !reads.empty()) stored.sequence = reads.front().sequence;
  if (stored.sequence == 0) return std::nullopt;
  stored.publish = publish.operation;
  stored.invoked = operation.invoked;
  if (acknowledged) stored.acknowledged = stored.known = operation.completed;
  const auto there = std::ranges::equal_range(reads, stored.sequence, {}, &Sighting::sequence);
  for (const auto& sighting : there) {
    const auto& read = history.operations[sighting.operation];
    stored.known = std::min(stored.known, read.completed);
    if (read.invoked > stored.last_seen) {
      stored.last_seen = read.invoked;
      stored.last_read = sighting.operation;
    }
  }
  return stored;
}

std::size_t first_that_may_be_stored(const History& history, std::span<const Sighting> published) {
  std::size_t first = nobody;
  for (const auto& publish : published)
    if (history.operations[publish.operation].outcome != Outcome::fail)
      first = std::min(first, publish.operation);
  return first;
}

std::vector<Stored> places(const History& history) {
  std::vector<Stored> found;
  for_each_value(publishes(history), messages_read(history), [&](auto published, auto reads) {
    const auto first = first_that_may_be_stored(history, published);
    for (const auto& publish : published)
      if (const auto stored = place(history, publish, publish.operation == first, reads))
        found.push_back(*stored);
  });
  return found;
}

// Keeps the highest sequence among those inserted at a time or later: a Fenwick
// tree over the times that occur.
class HighestSince {
 public:
  explicit HighestSince(std::vector<Time> times) : times_(std::move(times)) {
    std::ranges::sort(times_);
    highest_.resize(times_.size() + 1, nullptr);
  }

  void insert(Time time, const Stored& stored) {
    const auto rank = std::ranges::lower_bound(times_, time) - times_.begin();
    for (std::size_t i = times_.size() - rank; i < highest_.size(); i += i & -i)
      if (!highest_[i] || highest_[i]->sequence < stored.sequence) highest_[i] = &stored;
  }

  const Stored* after(Time time) const {  // strictly
    const Stored* best = nullptr;
    const auto rank = std::ranges::upper_bound(times_, time) - times_.begin();
    for (std::size_t i = times_.size() - rank; i > 0; i -= i & -i)
      if (highest_[i] && (!best || best->sequence < highest_[i]->sequence)) best = highest_[i];
    return best;
  }

 private:
  std::vector<Time> times_;
  std::vector<const Stored*> highest_;  // from the latest time backwards
};

// Calls visit(b) for each publish in order of invocation, after reach(a) for
// each that was acknowledged before.
template <class Reach, class Visit>
void sweep(const std::vector<Stored>& by_invocation,
           const std::vector<const Stored*>& by_acknowledgement, Reach reach, Visit visit) {
  auto next = by_acknowledgement.begin();
  for (const auto& b : by_invocation) {
    for (; next != by_acknowledgement.end() && (*next)->acknowledged < b.invoked; ++next)
      reach(**next);
    visit(b);
  }
}

}  // namespace

CheckResult check_reorder(const History& history) {
  CheckResult result;
  result.check = "reorder";
  auto stored = places(history);
  std::ranges::sort(stored, {}, [](const Stored& s) { return std::pair(s.invoked, s.publish); });
  std::vector<const Stored*> acknowledged;
  for (const auto& s : stored)
    if (s.acknowledged != never) acknowledged.push_back(&s);
  std::ranges::sort(acknowledged, {}, &Stored::acknowledged);

  std::uint64_t went_back = 0, highest = 0;
  sweep(
      stored, acknowledged, [&](const Stored& a) { highest = std::max(highest, a.sequence); },
      [&](const Stored& b) { went_back += b.sequence < highest; });

  std::uint64_t reordered = 0;
  if (went_back > 0) {
    std::vector<Time> times;
    for (const auto* a : acknowledged) times.push_back(a->last_seen);
    HighestSince seen(std::move(times));
    sweep(
        stored, acknowledged,
        [&](const Stored& a) {
          if (a.last_read != nobody) seen.insert(a.last_seen, a);
        },
        [&](const Stored& b) {
          const auto* a = seen.after(b.known);
          if (!a || a->sequence <= b.sequence) return;
          ++reordered;
          const auto name = [&](const Stored& s) {
            return to_string(history.operations[s.publish].value);
          };
          if (has_room(result))
            add_finding(result, history,
                        "value " + name(b) + " is stored as sequence " +
                            std::to_string(b.sequence) + ", before " + name(*a) + " as " +
                            std::to_string(a->sequence) +
                            ", which was acknowledged before it was published",
                        {a->publish, b.publish, a->last_read});
        });
  }

  const auto restarted = went_back - reordered;
  result.counts = {
      {"publishes", stored.size()}, {"reordered", reordered}, {"restarted", restarted}};
  if (reordered > 0)
    result.reason = of(reordered, stored.size()) + " messages lie before an older one";
  else if (restarted > 0)
    result.reason = "sequences went back " + format_count(restarted, "time") +
                    ", but what held the higher ones is gone";
  else
    result.reason = "no message lies before one that was acknowledged before it was published";
  conclude(result, history, drained(history), reordered > 0, !stored.empty());
  return result;
}

}  // namespace faultline
