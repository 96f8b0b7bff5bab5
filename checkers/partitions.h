// A stream of several partitions is as many logs. Each is judged by itself, which is enough:
// a history is right if it is so of each object alone (Herlihy and Wing, "Linearizability: A
// Correctness Condition for Concurrent Objects", 1990, theorem 1).
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

// Of which partition an operation is: of its process's, and of the first where no event says.
class PartitionOf {
 public:
  explicit PartitionOf(const History&);
  std::uint32_t operator()(const Operation&) const;

 private:
  std::unordered_map<std::uint32_t, std::uint32_t> of_processes_;
};

// The operations of one partition's processes, the events about it, and those about none.
// Complexity: linear.
History of_partition(const History&, std::uint32_t partition);

// What a check said of each partition, from the first on (merged.h).
CheckResult merged_partitions(std::span<const CheckResult>);

}  // namespace faultline
