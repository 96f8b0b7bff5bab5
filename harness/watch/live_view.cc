#include "harness/watch/live_view.h"

#include <algorithm>

#include "harness/report/progress.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

constexpr Duration rate_stretch = second;
constexpr Duration in_file_after = second;
constexpr Duration worth_a_word = 5 * second;  // of silence

milliseconds to_milliseconds(Duration duration) { return milliseconds(duration / millisecond); }

void count(OutcomeCounts& counts, const Operation& operation) {
  if (operation.outcome == Outcome::ok) ++counts.ok;
  if (operation.outcome == Outcome::fail) ++counts.failed;
  if (operation.outcome == Outcome::unknown) ++counts.unknown;
}

milliseconds phase_length(const Scenario& scenario, const std::string& phase) {
  if (phase == "steady") return scenario.steady;
  if (phase == "fault") return scenario.fault;
  return phase == "drain" ? scenario.drain : milliseconds{0};
}

double rate(const std::vector<Time>& completions, Time now) {
  const auto recent = std::ranges::count_if(
      completions, [&](Time time) { return now - rate_stretch < time && time <= now; });
  return static_cast<double>(recent) * second / rate_stretch;
}

}  // namespace

Scenario scenario_of(const Header& header) {
  Scenario scenario = parse_scenario(header.scenario_text, header.scenario_name).scenario;
  scenario.name = header.scenario_name;
  return scenario;
}

void LiveView::read(const History& history) {
  if (!scenario_) {
    scenario_ = scenario_of(history.header);
    begin_ = last_record_ = phase_begin_ = history.header.monotonic;
    served_.resize(std::max(history.header.partitions, 1U));
  }
  for (; events_ < history.events.size(); ++events_) happened(history.events[events_]);
  for (; operations_ < history.operations.size(); ++operations_) {
    last_record_ = std::max(last_record_, history.operations[operations_].invoked);
    open_.push_back(operations_);
  }
  std::erase_if(open_, [&](std::size_t index) {
    const Operation& operation = history.operations[index];
    if (operation.completed != never) completed(operation);
    return operation.completed != never;
  });
  closed_ = history.closed;
  forget_old_completions();
}

void LiveView::completed(const Operation& operation) {
  const Time at = operation.completed;
  last_record_ = std::max(last_record_, at);
  const bool ok = operation.outcome == Outcome::ok;
  LastServed& served = served_[partition_of(operation) - 1];
  if (operation.kind == OperationKind::publish) {
    count(last_.writes, operation);
    if (!ok) return;
    served.write = std::max(served.write, at);
    recent_writes_.push_back(at);
  } else if (operation.kind == OperationKind::read || operation.kind == OperationKind::drain_read) {
    count(last_.reads, operation);
    if (!ok) return;
    served.read = std::max(served.read, at);
    recent_reads_.push_back(at);
  } else if (operation.kind == OperationKind::deliver && operation.answer != Answer::absent) {
    count(last_.deliveries, operation);
    if (!ok) return;
    served.delivery = std::max(served.delivery, at);
    recent_reads_.push_back(at);
  }
}

void LiveView::happened(const Event& event) {
  last_record_ = std::max(last_record_, event.time);
  if (const auto* process = std::get_if<ProcessStarted>(&event.what)) {
    processes_.try_emplace(process->process, Process{event.time, process->partition});
    return;
  }
  if (const auto* phase = std::get_if<PhaseStarted>(&event.what)) {
    phase_ = phase->phase;
    phase_begin_ = event.time;
  } else if (const auto* leaders = std::get_if<LeadersSeen>(&event.what)) {
    if (leaders->partition == 1) last_.leaders = *leaders;
  } else if (const auto* fault = std::get_if<FaultChanged>(&event.what)) {
    Strike& strike = strikes_[fault->fault];
    strike.name = fault->name;
    strike.target = fault->target;
    if (fault->stage == FaultStage::proven || fault->stage == FaultStage::unproven)
      strike.servers.insert(fault->servers.begin(), fault->servers.end());
    if (fault->stage == FaultStage::healed)
      for (const std::string& server : fault->servers) strike.servers.erase(server);
  }
  if (last_.events.size() == shown_events) last_.events.erase(last_.events.begin());
  last_.events.push_back(event);
}

// By what was recorded before it, so that it is the same however the file grew.
std::uint32_t LiveView::partition_of(const Operation& operation) const {
  const auto process = processes_.find(operation.process);
  const bool known = process != processes_.end() && process->second.since < operation.invoked;
  return known ? process->second.partition : 1;
}

void LiveView::forget_old_completions() {
  const auto old = [&](Time time) { return time <= last_record_ - rate_stretch; };
  std::erase_if(recent_writes_, old);
  std::erase_if(recent_reads_, old);
}

LiveState LiveView::state(std::optional<Time> now) const {
  const Time sure = now && !closed_ ? *now - in_file_after : last_record_;
  const Time moment = std::max(sure, last_record_);
  LiveState state = last_;
  ProgressFigures& figures = state.figures;
  figures.phase = closed_ ? judging_phase : phase_;
  figures.elapsed = to_milliseconds(moment - begin_);
  figures.phase_elapsed = to_milliseconds(moment - phase_begin_);
  if (scenario_) figures.phase_length = phase_length(*scenario_, figures.phase);
  for (const auto& [number, strike] : strikes_)
    if (!strike.servers.empty())
      figures.faults.push_back(
          {strike.name, strike.target, {strike.servers.begin(), strike.servers.end()}});
  figures.live.last_write = std::ranges::min(served_, {}, &LastServed::write).write;
  figures.live.last_read = std::ranges::min(served_, {}, &LastServed::read).read;
  figures.live.last_delivery = std::ranges::min(served_, {}, &LastServed::delivery).delivery;
  figures.live.writes_ok = state.writes.ok;
  figures.live.writes_failed = state.writes.failed;
  figures.live.writes_unknown = state.writes.unknown;
  figures.live.reads_ok = state.reads.ok;
  figures.live.deliveries = state.deliveries.ok;
  figures.writes_per_second = rate(recent_writes_, moment);
  figures.reads_per_second = rate(recent_reads_, moment);
  figures.unavailable_writes = current_gap(figures.live.last_write, begin_, moment);
  figures.unavailable_reads = current_gap(figures.live.last_read, begin_, moment);
  figures.unavailable_deliveries = current_gap(figures.live.last_delivery, begin_, moment);
  if (moment - last_record_ >= worth_a_word) state.silence = to_milliseconds(moment - last_record_);
  return state;
}

}  // namespace faultline
