// Histories for tests and benchmarks: written by hand, random, and large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "checkers/history.h"

namespace faultline::testing {

// Builds a history in any order; build() puts it into the order of time. Every
// method returns the operation as recorded, so that a test can name it.
//
// Processes: a publish is recorded under its producer's number; the rest under
// the process set by `process` (default: one number per kind, above 1000).
class HistoryBuilder {
 public:
  HistoryBuilder();

  Operation publish(std::uint32_t producer, std::uint64_t counter, Time invoked, Time completed,
                    std::uint64_t sequence);
  Operation failed_publish(std::uint32_t producer, std::uint64_t counter, Time invoked,
                           Time completed);
  Operation unknown_publish(std::uint32_t producer, std::uint64_t counter, Time invoked,
                            Time completed = never);

  // Reads that brought a message.
  Operation read(std::uint64_t sequence, Value, Time invoked, Time completed);
  Operation direct_read(std::uint64_t sequence, Value, Time invoked, Time completed);
  Operation drain_read(std::uint64_t sequence, Value, Time invoked, Time completed);
  Operation deliver(std::uint32_t process, std::uint64_t sequence, Value, Time invoked,
                    Time completed, std::uint32_t deliveries = 1);

  // Reads that brought something else: absent, corrupt or foreign.
  Operation answer(OperationKind, Answer, std::uint64_t sequence, Time invoked, Time completed);
  Operation unanswered(OperationKind, std::uint64_t sequence, Time invoked, Time completed = never);

  Operation ack(std::uint32_t process, std::uint64_t sequence, Time invoked, Time completed,
                Outcome = Outcome::ok);

  Operation operation(const Operation&);  // as it is
  void event(Time, decltype(Event::what));
  void consumer(std::uint32_t process, const std::string& group);  // ProcessStarted at 0

  // The phase, one drain_read per message from sequence 1 on, and the end, complete.
  void drain(Time, const std::vector<Value>& messages);

  Header& header() { return history_.header; }
  History build() const;

 private:
  History history_;
};

// What a test process seeds itself with: FAULTLINE_SEED, else a random number.
// Printed, so that a failure can be repeated.
std::uint64_t test_seed();

// A small history of a few clients, a drain and three replicas: what a correct
// broker could have answered, with unknown outcomes, redeliveries, refused
// publishes and ones that are sent again, then up to `mutations` things changed
// at random. Values, sequences and times are few, so that operations collide often.
History random_history(std::mt19937_64&, int mutations);

// A correct broker's history of so many operations (rounded down to five): each
// message of 8 producers is published, read, delivered, acked and drained once.
History large_history(std::size_t operations);

}  // namespace faultline::testing
