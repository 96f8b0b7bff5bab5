// A role of the workload `log`: appends values with acknowledgement.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>

#include "workloads/log_context.h"
#include "workloads/pace.h"

namespace faultline {

class Producer {
 public:
  Producer(LogContext&, std::uint32_t number);
  ~Producer();  // stops

  void start();
  void stop();  // returns when every publish has its outcome

 private:
  void run_open_loop(std::stop_token);
  void run_closed_loop(std::stop_token);
  void publish(Time intended);

  LogContext& context_;
  const std::uint32_t number_;
  Session session_;
  std::mt19937_64 random_;
  std::uint64_t counter_ = 0;
  std::atomic<bool> refused_{false};
  InFlight in_flight_;
  std::jthread thread_;
};

}  // namespace faultline
