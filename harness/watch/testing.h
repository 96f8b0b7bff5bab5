// For the tests of watching.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "checkers/history.h"

namespace faultline::testing {

// A folder that is gone with the value.
class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "faultline-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::system_error(errno, std::generic_category());
    path_ = pattern;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Operation make_operation(OperationKind kind, Outcome outcome, Time completed) {
  Operation operation;
  operation.kind = kind;
  operation.outcome = outcome;
  operation.invoked = operation.intended = completed - millisecond;
  operation.completed = completed;
  if (kind != OperationKind::publish && outcome == Outcome::ok) operation.answer = Answer::message;
  return operation;
}

// Of a run that began at 1000 s: 12 s steady, then the leader was killed; writes are served
// again since the 15th second. Two operations are under way.
inline History make_history_of_a_fault() {
  constexpr Time begin = 1000 * second;
  History h;
  h.header.scenario_name = "broker-leader";
  h.header.scenario_text =
      "metadata:\n  title: The leader's broker is down\n  figure: \"1.3\"\n"
      "spec:\n  timeline:\n    hold: 30s\n";
  h.header.monotonic = begin;
  h.events = {{begin, PhaseStarted{"steady"}},
              {begin, ProcessStarted{1, "producer", ""}},
              {begin + second, LeadersSeen{"n2", "n3", {{"keeps-up", "n1"}}}},
              {begin + 12 * second, PhaseStarted{"fault"}},
              {begin + 12 * second,
               FaultChanged{0, FaultStage::striking, "broker-kill", "leader", {"n2"}, ""}},
              {begin + 12'100 * millisecond,
               FaultChanged{0, FaultStage::proven, "broker-kill", "leader", {"n2"}, "gone"}},
              {begin + 14 * second, LeadersSeen{"n1", "n3", {{"keeps-up", "n1"}}}}};
  for (Time t = begin + 100 * millisecond; t <= begin + 20 * second; t += 100 * millisecond) {
    const bool away = t > begin + 12 * second && t < begin + 15 * second;
    h.operations.push_back(
        make_operation(OperationKind::publish, away ? Outcome::unknown : Outcome::ok, t));
    h.operations.push_back(make_operation(
        OperationKind::read, t > begin + 18 * second ? Outcome::fail : Outcome::ok, t));
    h.operations.push_back(make_operation(OperationKind::deliver, Outcome::ok, t));
    h.operations.push_back(make_operation(OperationKind::ack, Outcome::ok, t));
    h.operations.push_back(make_operation(OperationKind::direct_read, Outcome::ok, t));
  }
  for (int i = 0; i < 2; ++i) {
    h.operations.push_back(
        make_operation(OperationKind::publish, Outcome::unknown, begin + 20 * second));
    h.operations.back().completed = never;
  }
  return h;
}

}  // namespace faultline::testing
