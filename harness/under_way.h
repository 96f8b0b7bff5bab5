#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "harness/runner.h"

namespace faultline {

// Shows what is under way and for how long, while its maker waits for it.
class UnderWay {
 public:
  UnderWay(Progress&, std::string phase);
  ~UnderWay();
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  void tell(const std::string& line);  // the step that begins

 private:
  void show();

  Progress& progress_;
  const std::string phase_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string step_;
  bool over_ = false;
  std::thread shower_;
};

}  // namespace faultline
