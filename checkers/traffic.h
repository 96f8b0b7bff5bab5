// One kind of traffic through the stream: what was served, and when the
// clients were trying at all.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "checkers/history.h"
#include "checkers/timeline.h"

namespace faultline {

enum class Service { writes, reads, deliveries, direct_reads };

std::string_view to_string(Service);  // "writes", "reads", "deliveries", "direct_reads"
OperationKind operation_kind(Service);

// Acknowledged publishes; reads and deliveries that brought a message.
bool serves(const Operation&, Service);

// Deliveries are served only where a consumer group took part, reads where somebody
// read or was promised to; anything else always is.
bool takes_part(const History&, Service);
std::string_view who_is_missing(Service);  // where it does not: "no consumer group took part"

class Traffic {
 public:
  // Stretches longer than `patience` in which no operation of the service was
  // invoked or under way, or in which the history holds no record of anything
  // (the harness stood still), are none in which a client tried.
  // Complexity: O(n log n) in the operations of the service, else linear.
  Traffic(const History&, Service, Duration patience);

  struct Served {
    Time completed;
    std::size_t operation;  // index into History::operations
  };
  const std::vector<Served>& served() const { return served_; }  // by completion

  std::vector<Served>::const_iterator first_served_after(Time) const;  // completed > time
  std::vector<Served>::const_iterator first_served_since(Time) const;  // completed >= time

  Duration tried(Interval) const;  // how long of it clients were trying

 private:
  std::vector<Served> served_;
  std::vector<Interval> trying_;  // disjoint, ascending
};

}  // namespace faultline
