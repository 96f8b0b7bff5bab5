#include "harness/under_way.h"

namespace faultline {
namespace {

constexpr std::chrono::milliseconds show_interval{500};

}  // namespace

UnderWay::UnderWay(Progress& progress, std::string phase)
    : progress_(progress), phase_(std::move(phase)), shower_([this] { show(); }) {}

UnderWay::~UnderWay() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  shower_.join();
}

void UnderWay::tell(const std::string& line) {
  const std::lock_guard lock(mutex_);
  step_ = line;
  progress_.message(line);
}

void UnderWay::show() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, show_interval, [this] { return over_; })) {
    if (step_.empty()) continue;
    ProgressFigures figures;
    figures.phase = phase_ + ": " + step_;
    figures.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin_);
    progress_.update(figures);
  }
}

}  // namespace faultline
