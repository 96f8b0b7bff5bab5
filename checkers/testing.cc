#include "checkers/testing.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

namespace faultline::testing {
namespace {

void sort_by_time(History& history) {
  std::ranges::stable_sort(history.operations, {}, &Operation::invoked);
  std::ranges::stable_sort(history.events, {}, &Event::time);
}

Operation make(OperationKind kind, Outcome outcome, Time invoked, Time completed) {
  Operation operation;
  operation.kind = kind;
  operation.outcome = outcome;
  operation.process = 1000 + static_cast<std::uint32_t>(kind);
  operation.intended = invoked;
  operation.invoked = invoked;
  operation.completed = completed;
  return operation;
}

Operation make_message(OperationKind kind, std::uint64_t sequence, Value value, Time invoked,
                       Time completed) {
  auto operation = make(kind, Outcome::ok, invoked, completed);
  operation.answer = Answer::message;
  operation.sequence = sequence;
  operation.value = value;
  return operation;
}

Operation make_publish(Outcome outcome, Value value, Time invoked, Time completed,
                       std::uint64_t sequence) {
  auto operation = make(OperationKind::publish, outcome, invoked, completed);
  operation.process = value.producer;
  operation.value = value;
  operation.sequence = sequence;
  return operation;
}

}  // namespace

HistoryBuilder::HistoryBuilder() { history_.closed = true; }

Operation HistoryBuilder::operation(const Operation& operation) {
  return history_.operations.emplace_back(operation);
}

Operation HistoryBuilder::publish(std::uint32_t producer, std::uint64_t counter, Time invoked,
                                  Time completed, std::uint64_t sequence) {
  return operation(make_publish(Outcome::ok, {producer, counter}, invoked, completed, sequence));
}

Operation HistoryBuilder::failed_publish(std::uint32_t producer, std::uint64_t counter,
                                         Time invoked, Time completed) {
  return operation(make_publish(Outcome::fail, {producer, counter}, invoked, completed, 0));
}

Operation HistoryBuilder::unknown_publish(std::uint32_t producer, std::uint64_t counter,
                                          Time invoked, Time completed) {
  return operation(make_publish(Outcome::unknown, {producer, counter}, invoked, completed, 0));
}

Operation HistoryBuilder::read(std::uint64_t sequence, Value value, Time invoked, Time completed) {
  return operation(make_message(OperationKind::read, sequence, value, invoked, completed));
}

Operation HistoryBuilder::direct_read(std::uint64_t sequence, Value value, Time invoked,
                                      Time completed) {
  return operation(make_message(OperationKind::direct_read, sequence, value, invoked, completed));
}

Operation HistoryBuilder::drain_read(std::uint64_t sequence, Value value, Time invoked,
                                     Time completed) {
  return operation(make_message(OperationKind::drain_read, sequence, value, invoked, completed));
}

Operation HistoryBuilder::deliver(std::uint32_t process, std::uint64_t sequence, Value value,
                                  Time invoked, Time completed, std::uint32_t deliveries) {
  auto made = make_message(OperationKind::deliver, sequence, value, invoked, completed);
  made.process = process;
  made.deliveries = deliveries;
  return operation(made);
}

Operation HistoryBuilder::answer(OperationKind kind, Answer answer, std::uint64_t sequence,
                                 Time invoked, Time completed) {
  auto made = make(kind, Outcome::ok, invoked, completed);
  made.answer = answer;
  made.sequence = sequence;
  return operation(made);
}

Operation HistoryBuilder::unanswered(OperationKind kind, std::uint64_t sequence, Time invoked,
                                     Time completed) {
  auto made = make(kind, Outcome::unknown, invoked, completed);
  made.sequence = sequence;
  return operation(made);
}

Operation HistoryBuilder::ack(std::uint32_t process, std::uint64_t sequence, Time invoked,
                              Time completed, Outcome outcome) {
  auto made = make(OperationKind::ack, outcome, invoked, completed);
  made.process = process;
  made.sequence = sequence;
  return operation(made);
}

void HistoryBuilder::event(Time time, decltype(Event::what) what) {
  history_.events.push_back({time, std::move(what)});
}

void HistoryBuilder::consumer(std::uint32_t process, const std::string& group) {
  event(0, ProcessStarted{process, "durable", group});
}

void HistoryBuilder::drain(Time time, const std::vector<Value>& messages) {
  event(time, PhaseStarted{"drain"});
  std::uint64_t sequence = 0;
  for (const auto& value : messages) {
    drain_read(++sequence, value, time, time + 1);
    time += 2;
  }
  event(time, DrainFinished{true, false, 1, sequence, ""});
}

History HistoryBuilder::build() const {
  auto history = history_;
  sort_by_time(history);
  return history;
}

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("FAULTLINE_SEED");
    const std::uint64_t chosen = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "FAULTLINE_SEED=" << chosen << '\n';
    return chosen;
  }();
  return seed;
}

namespace {

// A correct broker that runs along while the history is made up.
class RandomRun {
 public:
  explicit RandomRun(std::mt19937_64& random) : random_(random) {}

  History make() {
    start();
    const int operations = below(16);
    for (int i = 0; i < operations; ++i) step();
    drain();
    sort_by_time(history_);
    return std::move(history_);
  }

 private:
  static constexpr std::uint32_t producers = 3;
  static constexpr std::array<std::uint32_t, 3> consumers = {11, 12, 13};
  static constexpr std::uint32_t refuser = 14, most_deliveries = 2;

  struct Group {
    std::size_t delivered = 0;
  };

  struct Sent {
    Value value;
    std::uint64_t sequence = 0;  // 0: not stored
    bool unknown = false;        // it may be yet

    bool open() const { return unknown && sequence == 0; }
  };

  int below(int n) { return std::uniform_int_distribution(0, n - 1)(random_); }
  bool chance(int percent) { return below(100) < percent; }

  // An operation that takes effect now, began up to 3 ago and ends within 3.
  Operation around_now(OperationKind kind) {
    const Time invoked = now_ - below(4);
    return testing::make(kind, Outcome::ok, invoked, now_ + 1 + below(3));
  }

  void record(const Operation& operation) { history_.operations.push_back(operation); }
  void tell(decltype(Event::what) what) { history_.events.push_back({now_, std::move(what)}); }

  void start() {
    history_.closed = true;
    history_.header.replicas = 3;
    if (chance(10)) history_.header.expectations.loss = LossPromise::not_promised;
    tell(PhaseStarted{"steady"});
    tell(ProcessStarted{consumers[0], "durable", "durable"});
    tell(ProcessStarted{consumers[1], "durable", "durable"});
    if (chance(70)) tell(ProcessStarted{consumers[2], "lagging", "lagging"});
    refuses_ = chance(30);
    if (refuses_) tell(ProcessStarted{refuser, "refusing", "refuses"});
    now_ = 10;
  }

  void step() {
    now_ += below(4);
    switch (below(7)) {
      case 0:
      case 1:
      case 2:
        return publish();
      case 3:
        return read(OperationKind::read, 1 + below(static_cast<int>(log_.size()) + 1));
      case 4:
        return read(OperationKind::direct_read, 1 + below(static_cast<int>(log_.size()) + 1));
      default:
        return deliver(consumers[below(3)]);
    }
  }

  void publish() {
    if (!unacknowledged_.empty() && chance(20))
      return send(unacknowledged_[below(static_cast<int>(unacknowledged_.size()))]);
    const std::uint32_t producer = below(producers);
    send({{1 + producer, ++counters_[producer]}});
  }

  // What is stored already is not stored again, but acknowledged as a duplicate.
  void send(Sent message) {
    auto operation = around_now(OperationKind::publish);
    operation.process = message.value.producer;
    operation.value = message.value;
    const int dice = below(10);
    operation.outcome = dice < 6 ? Outcome::ok : dice < 9 ? Outcome::unknown : Outcome::fail;
    operation.duplicate = operation.outcome == Outcome::ok && message.sequence > 0;
    const bool stored = dice < 8;
    if (stored && message.sequence == 0) {
      log_.push_back(message.value);
      message.sequence = log_.size();
    }
    if (operation.outcome == Outcome::ok) operation.sequence = message.sequence;
    if (operation.outcome == Outcome::unknown && chance(50)) operation.completed = never;
    record(operation);
    std::erase_if(unacknowledged_, [&](const Sent& sent) { return sent.value == message.value; });
    message.unknown = message.unknown || operation.outcome == Outcome::unknown;
    if (operation.outcome != Outcome::ok) unacknowledged_.push_back(message);
  }

  void read(OperationKind kind, std::uint64_t sequence) {
    auto operation = around_now(kind);
    operation.sequence = sequence;
    if (sequence <= log_.size()) {
      operation.answer = Answer::message;
      operation.value = log_[sequence - 1];
    } else {
      operation.answer = Answer::absent;
    }
    if (kind != OperationKind::drain_read && chance(10)) lose_answer(operation);
    record(operation);
  }

  void deliver(std::uint32_t process) {
    auto& group = groups_[process == consumers[2] ? 1 : 0];
    const bool again = group.delivered > 0 && chance(25);
    if (!again && group.delivered == log_.size()) {
      auto nothing = around_now(OperationKind::deliver);
      nothing.process = process;
      nothing.answer = Answer::absent;
      return record(nothing);
    }
    const auto sequence = again ? 1 + below(static_cast<int>(group.delivered)) : ++group.delivered;
    auto operation = around_now(OperationKind::deliver);
    operation.process = process;
    operation.answer = Answer::message;
    operation.sequence = sequence;
    operation.value = log_[sequence - 1];
    operation.deliveries = again ? 2 : 1;
    record(operation);
    if (chance(60)) {
      auto ack = testing::make(OperationKind::ack, chance(80) ? Outcome::ok : Outcome::unknown,
                               operation.completed, operation.completed + below(3));
      ack.process = process;
      ack.sequence = sequence;
      record(ack);
    }
  }

  // All of it to the group that never acknowledges, as often as it may.
  void refuse() {
    DeadLettersSeen seen{"refuses", most_deliveries, chance(90), {}, "gave up"};
    for (std::uint64_t sequence = 1; sequence <= log_.size(); ++sequence) {
      for (std::uint32_t n = 1; n <= most_deliveries; ++n) {
        ++now_;
        auto operation = around_now(OperationKind::deliver);
        operation.process = refuser;
        operation.answer = Answer::message;
        operation.sequence = sequence;
        operation.value = log_[sequence - 1];
        operation.deliveries = n;
        record(operation);
      }
      seen.sequences.push_back(sequence);
    }
    if (chance(95)) tell(seen);
  }

  static void lose_answer(Operation& operation) {
    operation.outcome = Outcome::unknown;
    operation.answer = Answer::none;
    operation.value = {};
  }

  void drain() {
    now_ += 5;
    tell(PhaseStarted{"drain"});
    now_ += 5;
    const bool absent = chance(3);
    for (std::uint64_t i = 1; !absent && i <= log_.size(); ++i) {
      now_ += 4;
      read(OperationKind::drain_read, i);
    }
    for (int g = 0; g < 2; ++g)
      while (!absent && groups_[g].delivered < log_.size()) {
        ++now_;
        deliver(consumers[g == 0 ? below(2) : 2]);
      }
    if (refuses_ && !absent) refuse();
    now_ += 5;
    const std::uint64_t first = log_.empty() ? 0 : 1, last = log_.size();
    const bool late = chance(20) && std::ranges::any_of(unacknowledged_, &Sent::open);
    const auto held = late ? last + 1 : last, held_first = std::min<std::uint64_t>(held, 1);
    for (const auto* server : {"n1", "n2", "n3"})
      tell(ReplicaState{server, true, !absent, held, held_first, held, 0, 0});
    if (chance(95)) tell(DrainFinished{!absent && chance(95), absent, first, last, "gave up"});
  }

  std::mt19937_64& random_;
  History history_;
  Time now_ = 0;
  std::vector<Value> log_;
  std::array<std::uint64_t, producers> counters_{};
  std::vector<Sent> unacknowledged_;
  std::array<Group, 2> groups_;
  bool refuses_ = false;
};

class Mutator {
 public:
  Mutator(std::mt19937_64& random, History& history) : random_(random), history_(history) {}

  void mutate() {
    if (below(8) == 0) return mutate_event();
    if (history_.operations.empty()) return;
    auto& operations = history_.operations;
    auto& operation = operations[below(operations.size())];
    const auto& other = operations[below(operations.size())];
    switch (below(12)) {
      case 0:
        operation.sequence = below(operations.size()) + 1;
        break;
      case 1:
        operation.sequence = other.sequence;
        break;
      case 2:
        operation.value = other.value;
        break;
      case 3:
        operation.value.counter += below(3);
        break;
      case 4:
        operation.outcome = static_cast<Outcome>(below(3));
        break;
      case 5:
        operation.answer = static_cast<Answer>(below(5));
        break;
      case 6:
        operation.duplicate = !operation.duplicate;
        break;
      case 7:
        shift(operation);
        break;
      case 8:
        operations.erase(operations.begin() + (&operation - operations.data()));
        break;
      case 9:
        operations.emplace_back(operation);
        break;
      case 10:
        ++operation.deliveries;
        break;
      default:
        operation.kind = static_cast<OperationKind>(below(6));
    }
  }

 private:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  void shift(Operation& operation) {
    const auto by = static_cast<Time>(below(41)) - 20;
    operation.invoked += by;
    if (operation.completed != never) operation.completed += by;
  }

  void mutate_event() {
    auto& event = history_.events[below(history_.events.size())];
    if (auto* replica = std::get_if<ReplicaState>(&event.what)) return mutate_replica(*replica);
    if (auto* finished = std::get_if<DrainFinished>(&event.what)) {
      finished->last_sequence += below(2);
      return;
    }
    if (auto* letters = std::get_if<DeadLettersSeen>(&event.what)) return mutate_letters(*letters);
    switch (below(8)) {
      case 0:
        history_.closed = false;
        break;
      case 1:
        history_.damage = "torn at byte 4711";
        break;
      case 2:
        history_.events.push_back({event.time, Interrupted{"by the user"}});
        break;
      case 3:
        history_.events.erase(history_.events.begin() + (&event - history_.events.data()));
        break;
      default:
        break;
    }
  }

  void mutate_letters(DeadLettersSeen& letters) {
    switch (below(4)) {
      case 0:
        letters.complete = false;
        break;
      case 1:
        --letters.most_deliveries;
        break;
      case 2:
        letters.sequences.push_back(1 + below(60));
        break;
      default:
        if (!letters.sequences.empty())
          letters.sequences.erase(letters.sequences.begin() +
                                  static_cast<std::ptrdiff_t>(below(letters.sequences.size())));
    }
  }

  void mutate_replica(ReplicaState& replica) {
    switch (below(7)) {
      case 0:
        replica.reachable = false;
        break;
      case 1:
        replica.has_stream = false;
        break;
      case 2:
        ++replica.messages;
        break;
      case 3:
        ++replica.first_sequence;
        break;
      case 4:
        --replica.last_sequence;
        break;
      case 5:
        ++replica.deleted;
        break;
      default:
        ++replica.lost;
    }
  }

  std::mt19937_64& random_;
  History& history_;
};

}  // namespace

History random_history(std::mt19937_64& random, int mutations) {
  auto history = RandomRun(random).make();
  Mutator mutator(random, history);
  for (int i = 0; i < mutations; ++i) mutator.mutate();
  sort_by_time(history);
  return history;
}

History large_history(std::size_t operations) {
  constexpr std::uint32_t producers = 8;
  const std::uint64_t messages = operations / 5;
  HistoryBuilder b;
  b.header().replicas = 3;
  b.consumer(11, "durable");
  const auto value = [](std::uint64_t i) {
    return Value{static_cast<std::uint32_t>(1 + i % producers), 1 + i / producers};
  };
  // A publish every 10, acknowledged 60 later: six are in flight at any time.
  for (std::uint64_t i = 0; i < messages; ++i) {
    const auto time = static_cast<Time>(1000 + 10 * i);
    const auto v = value(i);
    b.publish(v.producer, v.counter, time, time + 60, i + 1);
    b.read(i + 1, v, time + 65, time + 90);
    b.deliver(11, i + 1, v, time + 65, time + 91);
    b.ack(11, i + 1, time + 92, time + 120);
  }
  auto time = static_cast<Time>(2000 + 10 * messages);
  b.event(time, PhaseStarted{"drain"});
  for (std::uint64_t i = 0; i < messages; ++i, time += 10)
    b.drain_read(i + 1, value(i), time, time + 9);
  for (const auto* server : {"n1", "n2", "n3"})
    b.event(time, ReplicaState{server, true, true, messages, 1, messages, 0, 0});
  b.event(time, DrainFinished{true, false, 1, messages, ""});
  return b.build();
}

}  // namespace faultline::testing
