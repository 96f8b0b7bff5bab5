// A role of the workload `log`: reads by sequence at a set rate, in open loop.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "workloads/log_context.h"
#include "workloads/pace.h"

namespace faultline {

enum class ReadOrder {
  newest,      // follows the end of the stream, asking again for what is not there yet
  from_start,  // from the start again and again
};

class Reader {
 public:
  // `kind` is read or direct_read. `number` tells the readers of a run apart.
  Reader(LogContext&, std::string role, OperationKind kind, ReadOrder, std::uint32_t number);
  ~Reader();  // stops

  void start();
  void stop();  // returns when every read has its outcome

 private:
  void run(std::stop_token);
  std::uint64_t next_sequence();
  void read(std::uint64_t sequence);

  LogContext& context_;
  const OperationKind kind_;
  const ReadOrder order_;
  const std::uint32_t number_;
  Session session_;
  std::uint64_t cursor_ = 0;
  Highest<std::uint64_t> found_;
  InFlight in_flight_;
  std::jthread thread_;
};

}  // namespace faultline
