#include "faults/metadata_slow.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "harness/broker/memphis/metadata_database.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int queries = 2;
constexpr milliseconds turn = 5ms;  // no connection and query is through in one

void wait(const std::stop_token& stop, milliseconds time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

MetadataSlow::MetadataSlow(FaultContext context, const FaultOptions& options)
    : MetadataFault("metadata-slow", context), delay_(options.delay) {}

void MetadataSlow::strike() {
  thread_ = std::jthread([this](const std::stop_token& stop) { slow_down(stop); });
}

void MetadataSlow::slow_down(const std::stop_token& stop) try {
  while (!stop.stop_requested()) {
    database().freeze();
    wait(stop, delay_);
    database().thaw();
    wait(stop, turn);
  }
} catch (const std::exception& error) {
  database().thaw();
  const std::lock_guard lock(mutex_);
  gave_up_ = error.what();
}

Evidence MetadataSlow::look() {
  {
    const std::lock_guard lock(mutex_);
    if (!gave_up_.empty()) return {false, "it was not slowed down to the end: " + gave_up_};
  }
  milliseconds least = milliseconds::max();
  for (int i = 0; i < queries; ++i) {
    const auto answer = database().ask(20 * delay_ + 5s);
    if (!answer.took) return {false, "a query: " + answer.complaint};
    least = std::min(least, *answer.took);
  }
  return {least >= delay_ && before() < delay_,
          fmt::format("a query takes at least {} ms, {} ms before the strike", least.count(),
                      before().count())};
}

void MetadataSlow::undo() {
  thread_ = {};
  database().thaw();
}

}  // namespace faultline
