#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "faults/fault.h"

namespace faultline {

// leader-churn: again and again the stream's leader, whoever it is by then, is asked
// to step down through the broker's API. No broker goes down for it.
class LeaderChurn : public Fault {
 public:
  LeaderChurn(FaultContext, const FaultOptions&,
              std::chrono::milliseconds change_limit = std::chrono::seconds(30));

  void inject(std::span<const std::string> servers) override;
  // Since the last look a leader agreed to step down, and another one led.
  Evidence verify() override;
  Evidence lift(const std::string& server) override;
  Evidence see_healed(const std::string& server) override;

 private:
  struct Churn {
    std::uint64_t accepted = 0;  // step-downs
    std::uint64_t changes = 0;   // of the leader
    std::string leader;          // as last seen
    std::string problem;         // the last that was met
  };

  void churn(const std::stop_token&);
  void step_down();
  void look_who_leads();
  bool went_on() const { return now_.accepted > seen_.accepted && now_.changes > seen_.changes; }

  FaultContext context_;
  std::chrono::milliseconds interval_, change_limit_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  Churn now_, seen_;     // seen by the last look
  std::jthread thread_;  // ends first
};

}  // namespace faultline
