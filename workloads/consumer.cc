#include "workloads/consumer.h"

#include "workloads/payload.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

// Short: the library does not send a pull again after it has reconnected.
constexpr milliseconds expires{500};
constexpr Duration refused_pause = 50 * millisecond;
constexpr std::size_t steady_window = 4;   // pulls at once, without a rate
constexpr std::size_t paced_window = 128;  // with one: enough to keep it while pulls time out
constexpr std::size_t hurried_window = 64;

}  // namespace

Consumer::Consumer(LogContext& context, std::string role, std::string group, double rate,
                   std::uint32_t number)
    : context_(context),
      group_(std::move(group)),
      refuses_(role == refusing_role),
      rate_(rate),
      number_(number),
      session_(context, std::move(role), group_, number),
      window_(rate > 0 ? paced_window : steady_window) {}

Consumer::~Consumer() { stop(); }

void Consumer::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

void Consumer::hurry() {
  std::lock_guard lock(mutex_);
  hurried_ = true;
  window_ = hurried_window;
  hurried_changed_.notify_all();
}

void Consumer::stop() {
  thread_ = {};
  in_flight_.wait_until_none();
}

void Consumer::run(std::stop_token stop) {
  std::optional<Schedule> schedule;
  if (rate_ > 0) schedule.emplace(rate_, context_.seed + number_, monotonic_now());
  while (wait_for_turn(schedule ? &*schedule : nullptr, stop) && in_flight_.acquire(window_, stop))
    pull();
}

// Without a schedule a turn comes when a place in the window is free, but not
// at once after a refusal. Nor does a hurried one wait for its schedule.
bool Consumer::wait_for_turn(Schedule* schedule, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (schedule && !hurried_) {
    const std::chrono::steady_clock::time_point turn{std::chrono::nanoseconds(schedule->next())};
    hurried_changed_.wait_until(lock, stop, turn, [this] { return hurried_; });
    return !stop.stop_requested();
  }
  lock.unlock();
  return !refused_.exchange(false) || sleep_until(monotonic_now() + refused_pause, stop);
}

void Consumer::pull() {
  const auto seat = session_.seat();
  Invocation invocation;
  invocation.kind = OperationKind::deliver;
  invocation.process = seat.process;
  const auto id = context_.recorder.invoke(invocation);
  seat.client.pull(group_, expires, context_.settings.read_timeout,
                   [this, seat, id](const PullReply& reply) { pulled(seat, id, reply); });
}

void Consumer::pulled(const Session::Seat& seat, OperationId id, const PullReply& reply) {
  Completion completion;
  completion.outcome = reply.outcome;
  if (reply.outcome == Outcome::ok && reply.found) {
    const auto decoded = decode_payload(context_.run, reply.payload);
    completion.answer = decoded.answer;
    completion.value = decoded.value;
    completion.sequence = reply.sequence;
    completion.deliveries = reply.deliveries;
  } else if (reply.outcome == Outcome::ok) {
    completion.answer = Answer::absent;
  } else if (!reply.sent) {
    completion.answer = Answer::unsent;
  }
  const Time at = context_.recorder.complete(id, completion);

  if (completion.answer == Answer::absent) ++empty_pulls_;
  if (reply.outcome == Outcome::fail) refused_ = true;
  {
    std::lock_guard lock(mutex_);  // nothing to get: one pull at a time is enough
    if (hurried_) window_ = reply.found ? hurried_window : 1;
  }
  if (!reply.found) return in_flight_.release();
  ++context_.live.deliveries;
  context_.live.last_delivery.raise(at);
  if (refuses_) return in_flight_.release();
  acknowledge(seat, reply, completion.value);
}

void Consumer::acknowledge(const Session::Seat& seat, const PullReply& reply, Value value) {
  Invocation invocation;
  invocation.kind = OperationKind::ack;
  invocation.process = seat.process;
  invocation.value = value;
  invocation.sequence = reply.sequence;
  const auto id = context_.recorder.invoke(invocation);
  seat.client.acknowledge(reply.acknowledge_to, context_.settings.read_timeout,
                          [this, id](const AcknowledgeReply& acknowledged) {
                            Completion completion;
                            completion.outcome = acknowledged.outcome;
                            if (!acknowledged.sent) completion.answer = Answer::unsent;
                            context_.recorder.complete(id, completion);
                            in_flight_.release();
                          });
}

}  // namespace faultline
