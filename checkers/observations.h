// What the data checkers share: who wrote which value, who read it where, and
// what the stream held in the end.
//
// Leader reads, deliveries and drain reads are judged; a direct read may be
// answered by any replica and proves nothing about the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

// An operation that wrote or brought `value`; sequence 0: none is known.
struct Sighting {
  Value value;
  std::uint64_t sequence = 0;
  std::size_t operation = 0;  // index into History::operations

  auto operator<=>(const Sighting&) const = default;
};

bool is_judged_read(const Operation&);  // of a judged kind and answered
bool brings_message(const Operation&);  // and what it brought is intact and ours
bool may_store(const Operation&);       // a publish, neither refused nor found stored already

// Both in order of value, sequence, invocation. Complexity: O(n log n).
std::vector<Sighting> publishes(const History&);      // any outcome
std::vector<Sighting> messages_read(const History&);  // judged reads

// What the final drain found. It is finished where DrainFinished says so and
// every sequence it names was answered, or where the stream is gone for good. Of a
// stream that is empty it names none, or 0 to 0.
struct Drained {
  bool finished = false;
  std::string reason;  // why it is not
  DrainFinished end;
  std::uint64_t present = 0;  // sequences at which there was a message, of whatever kind
  std::uint64_t absent = 0;   // and at which there was none
  std::vector<Sighting> messages;  // in order of sequence; the last answer at each counts
};
// Complexity: O(n log n).
Drained drained(const History&);

// Visits every value once, in order: visit(publishes of it, reads of it). Both
// arguments must be in order of value. Complexity: linear.
template <class Visit>
void for_each_value(std::span<const Sighting> publishes, std::span<const Sighting> reads,
                    Visit visit) {
  const auto take = [](std::span<const Sighting>& from, Value value) {
    std::size_t n = 0;
    while (n < from.size() && from[n].value == value) ++n;
    const auto taken = from.first(n);
    from = from.subspan(n);
    return taken;
  };
  while (!publishes.empty() || !reads.empty()) {
    const bool publish_first =
        reads.empty() || (!publishes.empty() && publishes.front().value < reads.front().value);
    const Value value = publish_first ? publishes.front().value : reads.front().value;
    const auto published = take(publishes, value);
    visit(published, take(reads, value));
  }
}

// Keeps the finding if there is room for it.
void add_finding(CheckResult&, const History&, std::string what,
                 std::initializer_list<std::size_t> operations);
inline bool has_room(const CheckResult& result) { return result.samples.size() < max_samples; }

// The verdict of a check that looks for something forbidden in what was read:
// fail if it was found, pass only if the whole stream was read without it and
// there was something to read; unknown, with the reason, otherwise.
void conclude(CheckResult&, const History&, const Drained&, bool found, bool anything_read);

std::string of(std::uint64_t part, std::uint64_t whole);  // "3 of 400"

}  // namespace faultline
