#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include "faults/metadata_fault.h"

namespace faultline {

// metadata-slow: the processes of the database beside the brokers stand still for `delay`, go on
// for 5 ms, and so on: a connection and a query take as long at the least.
class MetadataSlow : public MetadataFault {
 public:
  MetadataSlow(FaultContext, const FaultOptions&);

 protected:
  void strike() override;
  Evidence look() override;  // the shortest of some queries takes as long
  void undo() override;

 private:
  void slow_down(const std::stop_token&);

  const std::chrono::milliseconds delay_;
  std::mutex mutex_;
  std::string gave_up_;  // why; empty: it goes on
  std::jthread thread_;
};

}  // namespace faultline
