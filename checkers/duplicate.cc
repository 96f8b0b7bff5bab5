#include "checkers/duplicate.h"

#include <algorithm>

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

  // In the log at one time. Of a value that was sent again one may be of a log that was lost.
  bool was_beside(const Copy& other) const {
    return (drained && other.drained) || (known < other.last_seen && other.known < last_seen);
  }
};

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
  return copies;
}

void drop_those_of_a_lost_log(std::vector<Copy>& copies) {
  const auto all = copies;
  std::erase_if(copies, [&](const Copy& copy) {
    return std::ranges::none_of(all, [&](const Copy& other) {
      return other.sequence != copy.sequence && copy.was_beside(other);
    });
  });
}

}  // namespace

CheckResult check_duplicate(const History& history) {
  CheckResult result;
  result.check = "duplicate";
  std::uint64_t values = 0, duplicates = 0, extra = 0;
  for_each_value(publishes(history), messages_read(history), [&](auto published, auto reads) {
    if (reads.empty()) return;
    ++values;
    auto copies = copies_of(history, reads);
    if (published.size() > 1) drop_those_of_a_lost_log(copies);
    if (copies.size() < 2) return;
    ++duplicates;
    extra += copies.size() - 1;
    if (has_room(result))
      add_finding(result, history,
                  "value " + to_string(reads.front().value) + " is stored as sequence " +
                      std::to_string(copies[0].sequence) + " and as " +
                      std::to_string(copies[1].sequence),
                  {copies[0].operation, copies[1].operation});
  });
  result.counts = {{"values", values}, {"duplicates", duplicates}, {"extra_copies", extra}};
  result.reason = duplicates > 0 ? of(duplicates, values) + " values are stored more than once"
                                 : "no value was read at two sequences";
  conclude(result, history, drained(history), duplicates > 0, values > 0);
  return result;
}

}  // namespace faultline
