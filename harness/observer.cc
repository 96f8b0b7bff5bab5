#include "harness/observer.h"

#include <algorithm>
#include <thread>

#include "harness/report/progress.h"

namespace faultline {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds look_interval{250};

}  // namespace

Observer::Observer(Cluster& cluster, Broker& broker, Recorder& recorder, LogWorkload& workload,
                   Progress& progress, const RunOptions& options)
    : cluster_(cluster),
      broker_(broker),
      recorder_(recorder),
      workload_(workload),
      progress_(progress),
      interrupts_(options.interrupts),
      abort_(options.abort) {
  for (const Server& server : cluster.servers()) figures_.servers.push_back(server.name);
}

void Observer::faults_in_effect(std::vector<FaultInEffect> faults) {
  figures_.faults = std::move(faults);
}

void Observer::phase(const std::string& name, milliseconds length) {
  recorder_.event(PhaseStarted{name});
  recorder_.flush();  // a killed harness leaves at least how far it came
  figures_.phase = name;
  figures_.phase_length = length;
  phase_begin_ = Clock::now();
  show_progress();
}

bool Observer::wait(milliseconds limit, const std::function<bool()>& done) {
  const auto interrupted = [this] {
    if (interrupts_ != nullptr && interrupts_->load() > 0)
      throw RunInterrupted("interrupted by the user");
    if (const auto reason = abort_ ? abort_(figures_) : ""; !reason.empty())
      throw RunInterrupted("aborted: " + reason);
    if (const auto error = recorder_.error())
      throw std::runtime_error("the history can no longer be written: " + *error);
    return false;
  };
  return wait_uninterrupted(limit, [&] { return interrupted() || (done && done()); });
}

bool Observer::wait_uninterrupted(milliseconds limit, const std::function<bool()>& done) {
  const auto begin = Clock::now();
  for (;;) {
    observe();
    if (done && done()) return true;
    const auto left = limit - since(begin);
    if (left <= milliseconds{0}) return false;
    std::this_thread::sleep_for(std::min(left, look_interval));
  }
}

void Observer::observe() {
  record_exits();
  record_leaders_if_changed();
  show_progress();
}

LeadersSeen Observer::leaders() {
  last_leaders_ = broker_.all_leaders();
  for (const LeadersSeen& seen : last_leaders_) recorder_.event(seen);
  return last_leaders_.front();
}

void Observer::record_exits() {
  for (const Exit& exit : cluster_.exits()) {
    recorder_.event(BrokerChanged{exit.server, BrokerStage::exited, exit.expected, exit.detail});
    if (!exit.expected) progress_.message(exit.server + " exited by itself: " + exit.detail);
  }
  for (const std::string& note : cluster_.notes()) recorder_.event(Note{note});
}

void Observer::record_leaders_if_changed() {
  std::vector<LeadersSeen> all = broker_.all_leaders();
  for (const LeadersSeen& seen : all)
    if (std::ranges::find(last_leaders_, seen) == last_leaders_.end()) recorder_.event(seen);
  last_leaders_ = std::move(all);
}

void Observer::show_progress() {
  figures_.elapsed = since(run_begin_);
  figures_.phase_elapsed = since(phase_begin_);
  figures_.leader = last_leaders_.empty() ? "" : last_leaders_.front().stream;
  figures_.live = workload_.live();
  const auto stretch = since(rate_begin_);
  if (stretch >= milliseconds{1000}) {
    const double seconds = static_cast<double>(stretch.count()) / 1000;
    const auto reads = [](const LiveFigures& f) { return f.reads_ok + f.deliveries; };
    figures_.writes_per_second =
        static_cast<double>(figures_.live.writes_ok - last_live_.writes_ok) / seconds;
    figures_.reads_per_second =
        static_cast<double>(reads(figures_.live) - reads(last_live_)) / seconds;
    last_live_ = figures_.live;
    rate_begin_ = Clock::now();
  }
  const Time begin = std::chrono::nanoseconds(run_begin_.time_since_epoch()).count();
  const Time now = monotonic_now();
  figures_.unavailable_writes = current_gap(figures_.live.last_write, begin, now);
  figures_.unavailable_reads = current_gap(figures_.live.last_read, begin, now);
  figures_.unavailable_deliveries = current_gap(figures_.live.last_delivery, begin, now);
  progress_.update(figures_);
}

}  // namespace faultline
