// The consumer groups of a history: who consumed together.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "checkers/history.h"

namespace faultline {

struct ConsumerGroup {
  std::string name;      // empty: of deliveries to processes that no event describes
  bool refuses = false;  // of the role "refusing": it never acknowledges
  std::unordered_set<std::uint32_t> processes;

  bool has(const Operation& operation) const { return processes.contains(operation.process); }
};

// In order of name. Complexity: linear, and O(n log n) in the number of groups.
std::vector<ConsumerGroup> consumer_groups(const History&);

// Those that acknowledge: one that refuses is no user of the stream, but waits for dead letters.
std::vector<ConsumerGroup> acknowledging_groups(const History&);

}  // namespace faultline
