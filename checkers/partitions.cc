#include "checkers/partitions.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

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

std::string named(std::size_t index, const std::string& text) {
  return "partition " + std::to_string(index + 1) + ": " + text;
}

bool is_number(const std::string& word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return '0' <= c && c <= '9'; });
}

// Of words of CheckResult::observed. What was not seen in one partition is not said of all.
int badness(const std::string& word) {
  if (word == "none" || word == "continue") return 0;
  if (word == "pause") return 2;
  return word == "stop" ? 3 : 1;
}

std::string observed(std::span<const CheckResult> partitions) {
  std::uint64_t sum = 0;
  std::string worst = partitions.front().observed;
  for (const CheckResult& result : partitions) {
    if (is_number(result.observed))
      sum += std::stoull(result.observed);
    else if (is_number(worst) || badness(result.observed) > badness(worst))
      worst = result.observed;
  }
  return sum > 0 ? std::to_string(sum) : worst;
}

void add_counts(CheckResult& all, const CheckResult& one) {
  for (const auto& [name, value] : one.counts) {
    const auto found =
        std::ranges::find(all.counts, name, &std::pair<std::string, std::uint64_t>::first);
    if (found == all.counts.end())
      all.counts.emplace_back(name, value);
    else
      found->second =
          name.ends_with("_ns") ? std::max(found->second, value) : found->second + value;
  }
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

CheckResult merged(std::span<const CheckResult> partitions) {
  const auto rank = [](const CheckResult& result) {
    return std::pair(result.judged, result.verdict);
  };
  const auto worst = std::ranges::max_element(partitions, {}, rank);
  CheckResult result;
  result.check = worst->check;
  result.verdict = worst->verdict;
  result.judged = worst->judged;
  result.observed = observed(partitions);
  const bool alike = std::ranges::all_of(
      partitions, [&](const CheckResult& one) { return one.reason == worst->reason; });
  const auto index = static_cast<std::size_t>(worst - partitions.begin());
  result.reason = alike ? worst->reason : named(index, worst->reason);
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    add_counts(result, partitions[i]);
    for (const Finding& finding : partitions[i].samples)
      if (result.samples.size() < max_samples)
        result.samples.push_back({named(i, finding.what), finding.operations});
  }
  return result;
}

}  // namespace faultline
