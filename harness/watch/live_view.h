// What a run under way shows of itself, told from its history.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "harness/runner.h"

namespace faultline {

struct OutcomeCounts {  // of operations that were completed
  std::uint64_t ok = 0, failed = 0, unknown = 0;
  bool operator==(const OutcomeCounts&) const = default;
};

struct LiveState {
  ProgressFigures figures;
  OutcomeCounts writes;
  OutcomeCounts reads;       // through the leader, the final drain's among them
  OutcomeCounts deliveries;  // ok: those that brought a message
  std::optional<LeadersSeen> leaders;  // of the first partition
  std::vector<Event> events;  // the last ones, the oldest first; clients that start are none
  std::chrono::milliseconds silence{0};  // nothing was recorded for so long
};

// Follows one history. Texts are as recorded: whoever shows them makes them harmless.
class LiveView {
 public:
  static constexpr std::size_t shown_events = 5;

  // The same history, grown. Complexity: what was added, and the operations not completed yet.
  void read(const History&);

  // As of `now`, of the clock of the history: the file holds everything that is older than a
  // second (docs/history-format.md). Absent: as of the last record; so it is where the history
  // is closed.
  LiveState state(std::optional<Time> now) const;

 private:
  struct Strike {
    std::string name, target;
    std::set<std::string> servers;  // on which it is not undone
  };

  struct LastServed {
    Time write = 0, read = 0, delivery = 0;
  };

  struct Process {
    Time since = 0;
    std::uint32_t partition = 1;
  };

  std::uint32_t partition_of(const Operation&) const;
  void completed(const Operation&);
  void happened(const Event&);
  void forget_old_completions();

  std::optional<Scenario> scenario_;
  Time begin_ = 0, last_record_ = 0;
  bool closed_ = false;
  std::size_t operations_ = 0, events_ = 0;         // read so far
  std::vector<std::size_t> open_;                   // operations without a completion
  std::vector<Time> recent_writes_, recent_reads_;  // of the last second
  std::string phase_ = "deploy";
  Time phase_begin_ = 0;
  std::map<std::uint32_t, Strike> strikes_;
  std::vector<LastServed> served_ = std::vector<LastServed>(1);  // of each partition
  std::map<std::uint32_t, Process> processes_;
  LiveState last_;  // without figures
};

// The scenario that a history says it is of, as far as this version can read it.
Scenario scenario_of(const Header&);

}  // namespace faultline
