// A role of the workload `log`: appends values with acknowledgement.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <string>
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
  struct Message {
    Value value;
    std::string payload;
    Time since = 0;  // it was sent for the first time
  };

  struct Unacknowledged {
    Message message;
    Time due = 0;
  };

  void run_open_loop(std::stop_token);
  void run_closed_loop(std::stop_token);
  void publish(Time intended);
  void send(Session&, const Message&, Time intended);
  void run_resends(std::stop_token);
  bool send_again(const Message&);
  void give_up_resends();

  LogContext& context_;
  const std::uint32_t number_;
  Session session_;
  std::mt19937_64 random_;
  std::uint64_t counter_ = 0;
  std::atomic<bool> refused_{false};
  InFlight in_flight_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::deque<Unacknowledged> unacknowledged_;  // in order of time
  bool gave_up_ = false;

  std::optional<Session> second_session_;  // resends have a connection of their own
  std::jthread thread_, resends_;
};

}  // namespace faultline
