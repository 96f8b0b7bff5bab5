// Watches a run from beside it: notes in the history who leads and which broker
// exits, shows the progress, and stops the run when the user or the disk says so.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/broker/broker.h"
#include "harness/cluster/cluster.h"
#include "harness/runner.h"
#include "workloads/log_workload.h"
#include "workloads/recorder.h"

namespace faultline {

// The user pressed Ctrl-C, or an abort condition holds. The run heals, and judges what it has.
struct RunInterrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::chrono::milliseconds since(std::chrono::steady_clock::time_point begin) {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
}

class Observer {
 public:
  Observer(Cluster&, Broker&, Recorder&, LogWorkload&, Progress&, const RunOptions&);

  void phase(const std::string& name, std::chrono::milliseconds length);  // recorded
  void faults_in_effect(std::vector<FaultInEffect>);

  // Observes until `done` says so or the time is over; true if it was `done`.
  // Throws RunInterrupted, and std::runtime_error where the history can no
  // longer be written.
  bool wait(std::chrono::milliseconds limit, const std::function<bool()>& done = nullptr);

  // The same without heed to Ctrl-C: for healing.
  bool wait_uninterrupted(std::chrono::milliseconds limit,
                          const std::function<bool()>& done = nullptr);

  // One look: exits, leaders, progress.
  void observe();

  void show_progress();

  // Asks the brokers who leads now, and records it; returns that of the first partition.
  LeadersSeen leaders();

 private:
  void record_exits();
  void record_leaders_if_changed();

  Cluster& cluster_;
  Broker& broker_;
  Recorder& recorder_;
  LogWorkload& workload_;
  Progress& progress_;
  const std::atomic<int>* interrupts_;
  const std::function<std::string(const ProgressFigures&)> abort_;

  std::chrono::steady_clock::time_point run_begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point phase_begin_ = run_begin_;
  std::chrono::steady_clock::time_point rate_begin_ = run_begin_;
  ProgressFigures figures_;
  LiveFigures last_live_;
  std::vector<LeadersSeen> last_leaders_;  // of each partition; none yet
};

}  // namespace faultline
