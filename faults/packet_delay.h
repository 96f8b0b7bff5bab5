#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "faults/chain_fault.h"
#include "harness/cluster/child_processes.h"

namespace faultline {

// packet-delay: a round trip to its worker takes so much longer. Where the kernel has
// netem, what leaves the worker is held back by it; elsewhere what comes in, by the program
// faultline-delay, which dies with the harness, and then packets pass at once.
class PacketDelay : public ChainFault {
 public:
  PacketDelay(FaultContext, const FaultOptions&);

 protected:
  std::vector<std::string> rules(const std::string& server) const override;
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // connections take so much longer
  void undo(const std::string& server) override;

 private:
  std::string monitor_port(const std::string& server) const;
  void start_program(const std::string& server);
  std::optional<std::chrono::microseconds> round_trip(const std::string& server) const;

  const std::chrono::milliseconds delay_, jitter_;
  const bool netem_;

  std::mutex mutex_;
  std::map<std::string, std::optional<std::chrono::microseconds>> before_;  // round trips
  std::map<std::string, int> pids_;
  ChildProcesses programs_{[](int, int) {}};
};

}  // namespace faultline
