// A role of the workload `log`: pulls from a durable consumer group and
// acknowledges what it gets, unless its role is to refuse it. Each pull is for one
// message, so that each attempt is one operation.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "workloads/log_context.h"
#include "workloads/pace.h"

namespace faultline {

inline constexpr const char* refusing_role = "refusing";  // checkers/dead_letter.h

class Consumer {
 public:
  // rate > 0: pulls a second; 0: as fast as messages come.
  Consumer(LogContext&, std::string role, std::string group, double rate, std::uint32_t number);
  ~Consumer();  // stops

  void start();
  void hurry();  // from now on as fast as it can, many at once
  void stop();   // returns when every pull and acknowledgement has its outcome

  const std::string& group() const { return group_; }
  std::uint64_t empty_pulls() const { return empty_pulls_; }  // that the broker answered

 private:
  void run(std::stop_token);
  bool wait_for_turn(Schedule*, std::stop_token);
  void pull();
  void pulled(const Session::Seat&, OperationId, const PullReply&);
  void acknowledge(const Session::Seat&, const PullReply&, Value);

  LogContext& context_;
  const std::string group_;
  const bool refuses_;
  const double rate_;
  const std::uint32_t number_;
  Session session_;

  std::mutex mutex_;
  std::condition_variable_any hurried_changed_;
  bool hurried_ = false;

  std::atomic<std::size_t> window_;
  std::atomic<bool> refused_{false};
  std::atomic<std::uint64_t> empty_pulls_{0};
  InFlight in_flight_;
  std::jthread thread_;
};

}  // namespace faultline
