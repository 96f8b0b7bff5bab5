#include "checkers/linearizability.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>

#include "checkers/format.h"

namespace faultline {

namespace {

using Index = std::uint32_t;  // into History::operations
constexpr Index none = std::numeric_limits<Index>::max();
constexpr Time earliest = std::numeric_limits<Time>::min();

bool is_leader_read(OperationKind kind) {
  return kind == OperationKind::read || kind == OperationKind::drain_read;
}

// A moment, and the operation that sets it.
struct Bound {
  Time time;
  Index operation = none;
};

// Publishes by value. Counters ascend within a producer, so that a lookup is
// one step in all but strange histories.
class Publishes {
 public:
  void add(const Value& value, Index index) {
    std::vector<Entry>& list = producers_[value.producer];
    sorted_ = sorted_ && (list.empty() || list.back().counter < value.counter);
    list.push_back({value.counter, index});
  }

  // A value that was published more than once, if there is one.
  std::optional<Value> seal() {
    if (sorted_) return std::nullopt;
    for (auto& [producer, list] : producers_) {
      std::sort(list.begin(), list.end(),
                [](const Entry& a, const Entry& b) { return a.counter < b.counter; });
      const auto twice =
          std::adjacent_find(list.begin(), list.end(),
                             [](const Entry& a, const Entry& b) { return a.counter == b.counter; });
      if (twice != list.end()) return Value{producer, twice->counter};
    }
    return std::nullopt;
  }

  Index find(const Value& value) const {
    const auto producer = producers_.find(value.producer);
    if (producer == producers_.end()) return none;
    const std::vector<Entry>& list = producer->second;
    if (list.empty() || value.counter < list.front().counter) return none;
    const std::uint64_t guess = value.counter - list.front().counter;
    if (guess < list.size() && list[guess].counter == value.counter) return list[guess].index;
    const auto found =
        std::lower_bound(list.begin(), list.end(), value.counter,
                         [](const Entry& e, std::uint64_t counter) { return e.counter < counter; });
    return found != list.end() && found->counter == value.counter ? found->index : none;
  }

 private:
  struct Entry {
    std::uint64_t counter;
    Index index;
  };
  bool sorted_ = true;
  std::map<std::uint32_t, std::vector<Entry>> producers_;
};

struct Slot {
  std::uint64_t sequence = 0;
  Index holder = none;      // the publish that stands here
  Index seen = none;        // the operation that said so
  bool occupied = false;    // somebody saw something, whatever it was
  Bound release{earliest};  // nothing stands here before
  Bound deadline{never};    // something stands here by then
  Bound settled{never};     // the least deadline from here on

  void release_at(Time time, Index operation) {
    if (time > release.time || release.operation == none) release = {time, operation};
  }
  void due_at(Time time, Index operation) {
    occupied = true;
    if (time < deadline.time) deadline = {time, operation};
  }
};

class Checker {
 public:
  explicit Checker(const History& history) : history_(history), operations_(history.operations) {
    result_.check = "linearizability";
    result_.judged =
        history.header.expectations.linearizability == LinearizabilityPromise::required;
  }

  CheckResult run() && {
    index_publishes();
    if (const auto twice = publishes_.seal()) {
      result_.reason = "value " + to_string(*twice) + " was published twice";
      return std::move(result_);
    }
    make_slots();
    for (Index i = 0; i < operations_.size(); ++i) place(i);
    trim();
    settle();
    schedule();
    conclude();
    return std::move(result_);
  }

 private:
  static bool pins(const Operation& o) {
    return o.kind == OperationKind::publish && o.outcome == Outcome::ok && !o.duplicate &&
           o.sequence != 0;
  }
  static bool answers(const Operation& o) {
    return is_leader_read(o.kind) && o.outcome == Outcome::ok && o.answer != Answer::none &&
           o.sequence != 0;
  }

  void index_publishes() {
    for (Index i = 0; i < operations_.size(); ++i) {
      const Operation& o = operations_[i];
      if (o.kind != OperationKind::publish || o.duplicate) continue;
      publishes_.add(o.value, i);
      if (pins(o)) {
        ++acknowledged_;
      } else if (o.outcome != Outcome::fail) {
        ++unknown_;
      }
    }
    position_.assign(operations_.size(), 0);
  }

  void make_slots() {
    std::vector<std::uint64_t> sequences;
    for (const Operation& o : operations_) {
      if (pins(o) || answers(o)) sequences.push_back(o.sequence);
    }
    std::sort(sequences.begin(), sequences.end());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    slots_.resize(sequences.size());
    for (std::size_t i = 0; i < sequences.size(); ++i) slots_[i].sequence = sequences[i];
    dense_ = !sequences.empty() && sequences.back() == sequences.size();
  }

  Slot& slot(std::uint64_t sequence) {
    if (dense_) return slots_[sequence - 1];
    return *std::lower_bound(
        slots_.begin(), slots_.end(), sequence,
        [](const Slot& s, std::uint64_t wanted) { return s.sequence < wanted; });
  }

  void place(Index i) {
    const Operation& o = operations_[i];
    if (pins(o)) {
      hold(slot(o.sequence), i, i);
    } else if (answers(o)) {
      ++reads_;
      place_read(slot(o.sequence), i);
    }
  }

  void place_read(Slot& at, Index i) {
    const Operation& read = operations_[i];
    if (read.answer == Answer::absent) return at.release_at(read.invoked, i);
    if (read.answer != Answer::message) return at.due_at(read.completed, i);
    const Index publish = publishes_.find(read.value);
    if (publish == none) {
      at.due_at(read.completed, i);
      return violation("value " + to_string(read.value) + " was read and never published", {i});
    }
    if (operations_[publish].outcome == Outcome::fail) {
      at.due_at(read.completed, i);
      return violation("value " + to_string(read.value) + " was read though it was refused",
                       {publish, i});
    }
    hold(at, publish, i);
  }

  // `publish` stands at `at`; `by` is the acknowledgement or read that says so.
  void hold(Slot& at, Index publish, Index by) {
    const Operation& o = operations_[publish];
    at.due_at(operations_[by].completed, by);
    if (at.holder == none) {
      at.holder = publish;
      at.seen = by;
      at.release_at(o.invoked, publish);
    } else if (at.holder != publish) {
      return violation("sequence " + std::to_string(at.sequence) + " holds two values, " +
                           to_string(operations_[at.holder].value) + " and " + to_string(o.value),
                       {at.seen, by});
    }
    std::uint64_t& position = position_[publish];
    if (position == 0) position = pins(o) ? o.sequence : at.sequence;
    if (position != at.sequence) {
      violation("value " + to_string(o.value) + " stands at two sequences, " +
                    std::to_string(position) + " and " + std::to_string(at.sequence),
                {slot_seen(position, publish), by});
    }
  }

  Index slot_seen(std::uint64_t sequence, Index publish) {
    if (pins(operations_[publish])) return publish;
    const Slot& first = slot(sequence);
    return first.holder == publish ? first.seen : publish;
  }

  // What was found absent beyond the last known message binds nothing.
  void trim() {
    while (!slots_.empty() && !slots_.back().occupied) slots_.pop_back();
  }

  void settle() {
    Bound least{never};
    for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) {
      if (slot->deadline.time < least.time) least = slot->deadline;
      slot->settled = least;
    }
  }

  void schedule() {
    collect_candidates();
    Bound latest{earliest};
    std::uint64_t latest_sequence = 0;
    std::uint64_t next = 1;
    for (const Slot& slot : slots_) {
      fill_holes(next, slot.sequence, slot.settled);
      if (!slot.occupied) fill_holes(slot.sequence, slot.sequence + 1, slot.settled);
      next = slot.sequence + 1;
      if (slot.release.time > latest.time) {
        latest = slot.release;
        latest_sequence = slot.sequence;
      }
      if (latest.time > slot.deadline.time) too_late(slot, latest, latest_sequence);
    }
  }

  void collect_candidates() {
    for (Index i = 0; i < operations_.size(); ++i) {
      const Operation& o = operations_[i];
      const bool may_stand = o.kind == OperationKind::publish && o.outcome != Outcome::fail &&
                             !o.duplicate && !pins(o) && position_[i] == 0;
      if (may_stand) candidates_.push_back(i);
    }
    std::stable_sort(candidates_.begin(), candidates_.end(), [this](Index a, Index b) {
      return operations_[a].invoked < operations_[b].invoked;
    });
  }

  // Sequences [from, to) are held by nobody. A candidate called no later than
  // `by` keeps every later deadline, so it takes no part in `latest`.
  void fill_holes(std::uint64_t from, std::uint64_t to, const Bound& by) {
    holes_ += to - from;
    for (std::uint64_t sequence = from; sequence < to; ++sequence) {
      const bool filled =
          used_ < candidates_.size() && operations_[candidates_[used_]].invoked <= by.time;
      if (filled) {
        ++used_;
        continue;
      }
      const std::uint64_t rest = to - sequence - 1;
      std::vector<Index> witness{by.operation};
      if (used_ < candidates_.size()) witness.push_back(candidates_[used_]);
      violation("nothing was published that could stand at sequence " + std::to_string(sequence) +
                    ", yet a later one was in use by " + at(by.time),
                witness);
      violations_ += rest;
      return;
    }
  }

  void too_late(const Slot& slot, const Bound& latest, std::uint64_t latest_sequence) {
    const std::string here = std::to_string(slot.sequence);
    const std::string there = std::to_string(latest_sequence);
    const bool absent = is_leader_read(operations_[latest.operation].kind);
    violation("sequence " + here + " was in use by " + at(slot.deadline.time) + ", but sequence " +
                  there + (absent ? " was found empty at " : " not published before ") +
                  at(latest.time),
              {slot.deadline.operation, latest.operation});
  }

  void conclude() {
    result_.counts = {{"publishes_ok", acknowledged_},
                      {"publishes_unknown", unknown_},
                      {"reads", reads_},
                      {"holes", holes_},
                      {"violations", violations_}};
    if (violations_ > 0) {
      result_.verdict = Verdict::fail;
      result_.reason = format_count(violations_, "violation") + " of the order of " +
                       format_count(acknowledged_, "append") + " and " +
                       format_count(reads_, "read") + "; first: " + result_.samples.front().what;
    } else if (acknowledged_ == 0) {
      result_.reason = "no publish was acknowledged";
    } else if (reads_ == 0) {
      result_.reason = "nothing was read through the leader";
    } else {
      result_.verdict = Verdict::pass;
      result_.reason = format_count(acknowledged_, "append") + " and " +
                       format_count(reads_, "read") + " agree with one order in real time";
    }
  }

  void violation(std::string what, std::span<const Index> witness) {
    ++violations_;
    if (result_.samples.size() == max_samples) return;
    Finding finding{std::move(what), {}};
    for (const Index i : witness) {
      if (i == none) continue;
      finding.operations.push_back(operations_[i]);
      add_publish_of(i, finding.operations);
    }
    std::stable_sort(finding.operations.begin(), finding.operations.end(),
                     [](const Operation& a, const Operation& b) { return a.invoked < b.invoked; });
    finding.operations.erase(std::unique(finding.operations.begin(), finding.operations.end()),
                             finding.operations.end());
    result_.samples.push_back(std::move(finding));
  }
  void violation(std::string what, std::initializer_list<Index> witness) {
    violation(std::move(what), std::span<const Index>(witness.begin(), witness.size()));
  }

  // A read is understood only beside the publish of what it brought.
  void add_publish_of(Index i, std::vector<Operation>& operations) {
    if (operations_[i].answer != Answer::message) return;
    const Index publish = publishes_.find(operations_[i].value);
    if (publish != none) operations.push_back(operations_[publish]);
  }

  std::string at(Time time) const { return format_time(time, history_.header.monotonic); }

  const History& history_;
  const std::vector<Operation>& operations_;
  CheckResult result_;
  Publishes publishes_;
  std::vector<std::uint64_t> position_;  // of each publish; 0: not seen
  std::vector<Slot> slots_;              // by sequence
  bool dense_ = false;                   // slots_[i] is sequence i + 1
  std::vector<Index> candidates_;        // unseen publishes with unknown outcome, by call
  std::size_t used_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t holes_ = 0;
  std::uint64_t violations_ = 0;
};

}  // namespace

CheckResult check_linearizability(const History& history) { return Checker(history).run(); }

}  // namespace faultline
