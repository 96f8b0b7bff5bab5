#include "checkers/groups.h"

#include <map>

namespace faultline {

std::vector<ConsumerGroup> consumer_groups(const History& history) {
  std::map<std::string, ConsumerGroup> groups;
  std::unordered_set<std::uint32_t> described;
  for (const auto& event : history.events) {
    const auto* process = std::get_if<ProcessStarted>(&event.what);
    if (process == nullptr || process->group.empty()) continue;
    auto& group = groups[process->group];
    group.refuses = group.refuses || process->role == "refusing";
    group.processes.insert(process->process);
    described.insert(process->process);
  }
  for (const auto& operation : history.operations)
    if (operation.kind == OperationKind::deliver && !described.contains(operation.process))
      groups[""].processes.insert(operation.process);
  std::vector<ConsumerGroup> list;
  for (auto& [name, group] : groups) {
    group.name = name;
    list.push_back(std::move(group));
  }
  return list;
}

std::vector<ConsumerGroup> acknowledging_groups(const History& history) {
  auto groups = consumer_groups(history);
  std::erase_if(groups, [](const ConsumerGroup& group) { return group.refuses; });
  return groups;
}

}  // namespace faultline
