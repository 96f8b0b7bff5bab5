#include "checkers/partitions.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "checkers/merged.h"

namespace faultline {
namespace {

// 0: of none in particular.
std::uint32_t partition_of(const Event& event) {
  return std::visit(
      [](const auto& what) -> std::uint32_t {
        if constexpr (requires { what.partition; }) return what.partition;
        return 0;
      },
      event.what);
}

}  // namespace

PartitionOf::PartitionOf(const History& history) {
  for (const Event& event : history.events)
    if (const auto* started = std::get_if<ProcessStarted>(&event.what))
      of_processes_[started->process] = started->partition;
}

std::uint32_t PartitionOf::operator()(const Operation& operation) const {
  const auto found = of_processes_.find(operation.process);
  return found == of_processes_.end() ? 1 : found->second;
}

History of_partition(const History& history, std::uint32_t partition) {
  const PartitionOf partition_of_operation(history);
  const auto is_of_it = [&](const Operation& operation) {
    return partition_of_operation(operation) == partition;
  };
  History part;
  part.header = history.header;
  part.closed = history.closed;
  part.damage = history.damage;
  std::ranges::copy_if(history.operations, std::back_inserter(part.operations), is_of_it);
  std::ranges::copy_if(history.events, std::back_inserter(part.events), [&](const Event& event) {
    const auto of = partition_of(event);
    return of == 0 || of == partition;
  });
  return part;
}

CheckResult merged_partitions(std::span<const CheckResult> partitions) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= partitions.size(); ++i)
    names.push_back("partition " + std::to_string(i));
  return merged(partitions, names);
}

}  // namespace faultline
