// One kind of traffic through the stream: what was served, and when the
// clients were trying at all.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "checkers/groups.h"
#include "checkers/history.h"
#include "checkers/timeline.h"

namespace faultline {

enum class Service { writes, reads, deliveries, direct_reads };

std::string_view to_string(Service);  // "writes", "reads", "deliveries", "direct_reads"
OperationKind operation_kind(Service);

// Acknowledged publishes, but for duplicates: a leader without a quorum can still say that it
// has a message. Reads and deliveries that brought one.
bool serves(const Operation&, Service);

// Deliveries are served only where a consumer group that acknowledges took part, reads where
// somebody read or was promised to; anything else always is.
bool takes_part(const History&, Service);
std::string_view who_is_missing(Service);  // where it does not: "no consumer group took part"

// What was acknowledged, and when a consumer group first got it.
class Backlog {
 public:
  // Complexity: linear.
  Backlog(const History&, const ConsumerGroup&);

  // Since when there was a message that the group had yet to get at that time; never: there
  // was none. Complexity: linear in the messages.
  Time since(Time) const;

 private:
  struct Message {
    Time acknowledged;
    Time delivered;  // never: not at all
  };

  std::vector<Message> messages_;
};

class Traffic {
 public:
  // Stretches longer than `patience` in which no operation of the service was
  // invoked or under way, or in which the history holds no record of anything
  // (the harness stood still), are none in which a client tried.
  // Complexity: O(n log n) in the operations of the service, else linear.
  Traffic(const History&, Service, Duration patience);

  // Deliveries to one consumer group alone.
  Traffic(const History&, const ConsumerGroup&, Duration patience);

  struct Served {
    Time completed;
    std::size_t operation;  // index into History::operations
  };
  const std::vector<Served>& served() const { return served_; }  // by completion

  std::vector<Served>::const_iterator first_served_after(Time) const;  // completed > time
  std::vector<Served>::const_iterator first_served_since(Time) const;  // completed >= time

  Duration tried(Interval) const;  // how long of it clients were trying

  // Of a gap the part in which something could be served: to a consumer group, since a message
  // was acknowledged that it had yet to get. Complexity: linear.
  Interval due(Interval gap) const;

 private:
  Traffic(const History&, Service, const ConsumerGroup*, Duration patience);

  std::vector<Served> served_;
  std::vector<Interval> trying_;    // disjoint, ascending
  std::optional<Backlog> backlog_;  // of one group
};

}  // namespace faultline
