#include "harness/jsonl.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "checkers/partitions.h"

namespace faultline {
namespace {

using Json = nlohmann::ordered_json;

bool is_read(const Operation& op) {
  return op.kind == OperationKind::read || op.kind == OperationKind::drain_read;
}

class Numbers {
 public:
  explicit Numbers(const std::vector<Operation>& operations) {
    for (const Operation& op : operations) {
      if (op.kind == OperationKind::publish) of(op.value);
    }
  }
  std::int64_t of(const Value& value) {
    return numbers_.try_emplace(value, std::ssize(numbers_) + 1).first->second;
  }

 private:
  std::map<Value, std::int64_t> numbers_;
};

struct Line {
  const Operation* operation = nullptr;
  std::int64_t invoked = -1;    // rank
  std::int64_t completed = -1;  // rank; -1: unknown

  bool answered() const { return operation->outcome == Outcome::ok; }
};

void rank(std::vector<Line>& lines) {
  // An invocation sorts before a response of the same time.
  std::vector<std::tuple<Time, bool, std::int64_t*>> moments;
  for (Line& line : lines) {
    moments.emplace_back(line.operation->invoked, false, &line.invoked);
    if (line.answered()) {
      moments.emplace_back(line.operation->completed, true, &line.completed);
    }
  }
  std::stable_sort(moments.begin(), moments.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::int64_t next = 0;
  for (auto& [time, is_response, place] : moments) *place = next++;
}

Json to_json(const Line& line, Numbers& numbers, std::uint32_t partition) {
  const Operation& op = *line.operation;
  Json json{{"c", op.process},
            {"f", is_read(op) ? "read" : "app"},
            {"s", line.invoked},
            {"e", line.completed}};
  if (line.answered()) json["o"] = op.sequence - 1;
  json["v"] = op.answer == Answer::absent ? -1 : numbers.of(op.value);
  if (partition != 0) json["k"] = partition - 1;
  return json;
}

}  // namespace

void write_jsonl(const History& history, std::ostream& out) {
  std::vector<Line> lines;
  std::set<std::uint32_t> clients;
  std::uint64_t left_out = 0;
  for (const Operation& op : history.operations) {
    const bool publish = op.kind == OperationKind::publish;
    if (!publish && !is_read(op)) continue;
    if (op.outcome == Outcome::fail || (!publish && op.outcome == Outcome::unknown)) continue;
    const bool sayable = publish || op.answer == Answer::message || op.answer == Answer::absent;
    if (!sayable || (op.outcome == Outcome::ok && op.sequence == 0)) {
      ++left_out;
      continue;
    }
    lines.push_back({&op});
    clients.insert(op.process);
  }
  rank(lines);
  out << Json{{"model", "log"},
              {"ops", lines.size()},
              {"clients", clients.size()},
              {"keys", history.header.partitions},
              {"run_id", history.header.run_id},
              {"left_out", left_out}}
             .dump(-1, ' ', false, Json::error_handler_t::replace)
      << '\n';
  Numbers numbers(history.operations);
  const bool several = history.header.partitions > 1;
  const PartitionOf partition_of(history);
  for (const Line& line : lines)
    out << to_json(line, numbers, several ? partition_of(*line.operation) : 0).dump() << '\n';
}

}  // namespace faultline
