#include "workloads/drain.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace faultline {
namespace {

constexpr std::size_t most_at_once = 64;                // reads
constexpr std::size_t bytes_at_once = 4 * 1024 * 1024;  // what a read's timeout is enough for
constexpr Duration refused_pause = 20 * millisecond;
constexpr Duration poll_interval = 100 * millisecond;
constexpr Duration absence_is_final = 60 * second;  // docs/scenarios.md, delivery
constexpr std::chrono::milliseconds state_timeout{500};

std::size_t window(const LogSettings& settings) {
  return std::clamp<std::size_t>(bytes_at_once / std::max<std::size_t>(settings.max_size, 1), 2,
                                 most_at_once);
}

void pause(Duration duration) { sleep_until(monotonic_now() + duration, {}); }

}  // namespace

Drain::Drain(LogContext& context, const std::vector<std::unique_ptr<Consumer>>& consumers,
             std::uint32_t number)
    : context_(context), consumers_(consumers), session_(context, "drain", "", number) {}

Drain::~Drain() { in_flight_.wait_until_none(); }

DrainFinished Drain::run(const GiveUp& give_up) {
  DrainFinished finished;
  std::optional<StreamState> before;
  auto why = give_up();
  while (!why) {
    const auto state = session_.seat().client.stream_state(state_timeout);
    if (state) {
      finished.first_sequence = state->first_sequence;
      finished.last_sequence = state->last_sequence;
      finished.complete = state == before && all_answered();
      before = state;
      look_at_groups(finished);
      if (finished.complete && finished.lagging_groups.empty()) break;
      if ((why = read_up_to(*state, give_up))) break;
    }
    pause(poll_interval);
    why = give_up();
  }
  in_flight_.wait_until_none();
  finished.reason = progress(before);
  if (why) finished.reason = *why + "; " + finished.reason;
  return finished;
}

std::optional<std::string> Drain::read_up_to(StreamState state, const GiveUp& give_up) {
  Time ask_at = monotonic_now() + poll_interval / 2;
  while (true) {
    if (const auto sequence = next_unread(state))
      read(*sequence);
    else if (all_answered())
      return std::nullopt;
    else
      pause(millisecond);

    bool refused;
    {
      std::lock_guard lock(mutex_);
      refused = std::exchange(refused_, false);
    }
    if (refused) pause(refused_pause);
    const Time asked = monotonic_now();
    if (asked < ask_at) continue;
    if (auto why = give_up()) return why;
    // A broker that hangs makes the question slow: read at least as long as it took.
    const Time answered = monotonic_now();
    ask_at = answered + std::max(poll_interval / 2, answered - asked);
  }
}

std::optional<std::uint64_t> Drain::next_unread(StreamState state) {
  std::lock_guard lock(mutex_);
  if (state.last_sequence + 1 < next_) {  // another stream by now: all of it is unread
    next_ = state.first_sequence;
    again_.clear();
  }
  next_ = std::max(next_, state.first_sequence);
  if (!again_.empty()) {
    const auto sequence = again_.front();
    again_.pop_front();
    ++under_way_;
    return sequence;
  }
  if (next_ > state.last_sequence) return std::nullopt;
  ++under_way_;
  return next_++;
}

bool Drain::all_answered() {
  std::lock_guard lock(mutex_);
  return under_way_ == 0 && again_.empty();
}

void Drain::read(std::uint64_t sequence) {
  in_flight_.acquire(window(context_.settings), {});
  const auto [client, process] = session_.seat();
  Invocation invocation;
  invocation.kind = OperationKind::drain_read;
  invocation.process = process;
  invocation.sequence = sequence;
  const auto id = context_.recorder.invoke(invocation);
  client.read(sequence, context_.settings.read_timeout, [this, id, sequence](const auto& reply) {
    const bool answered = complete_read(context_, id, OperationKind::drain_read, sequence, reply);
    {
      std::lock_guard lock(mutex_);
      --under_way_;
      if (answered) {
        ++answered_;
      } else {
        again_.push_back(sequence);
        refused_ = true;
      }
    }
    in_flight_.release();
  });
}

void Drain::look_at_groups(DrainFinished& finished) {
  std::set<std::string> groups;
  for (const auto& consumer : consumers_) groups.insert(consumer->group());

  finished.lagging_groups.clear();
  finished.absent_groups.clear();
  lagging_.clear();
  for (const auto& group : groups) {
    const auto state = session_.seat().client.group_state(group, state_timeout);
    if (!state) absent_since_.erase(group);
    if (state && is_gone(group, *state)) {
      finished.absent_groups.push_back(group);
      continue;
    }
    const std::string lacks = what_is_lacking(group, state);
    if (lacks.empty()) continue;
    finished.lagging_groups.push_back(group);
    lagging_ += fmt::format("; {}: {}", group, lacks);
  }
}

std::string Drain::what_is_lacking(const std::string& group,
                                   const std::optional<GroupState>& state) {
  if (!state || state->absent || state->pending > 0 || state->unacknowledged > 0) {
    empty_pulls_when_clear_.erase(group);
    if (!state) return "no answer";
    if (state->absent) return "not found";
    return fmt::format("{} pending, {} unacknowledged", state->pending, state->unacknowledged);
  }
  const auto now = empty_pulls(group);
  const auto clear = empty_pulls_when_clear_.try_emplace(group, now).first->second;
  return now == clear ? "pulling for more" : "";
}

bool Drain::is_gone(const std::string& group, const GroupState& state) {
  if (!state.absent) {
    absent_since_.erase(group);
    return false;
  }
  const Time now = monotonic_now();
  return now - absent_since_.try_emplace(group, now).first->second >= absence_is_final;
}

std::uint64_t Drain::empty_pulls(const std::string& group) const {
  std::uint64_t sum = 0;
  for (const auto& consumer : consumers_)
    if (consumer->group() == group) sum += consumer->empty_pulls();
  return sum;
}

std::string Drain::progress(const std::optional<StreamState>& state) {
  if (!state) return "the stream's leader did not answer";
  std::lock_guard lock(mutex_);
  return fmt::format("{} sequences read of {}..{}{}", answered_, state->first_sequence,
                     state->last_sequence, lagging_);
}

}  // namespace faultline
