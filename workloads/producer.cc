#include "workloads/producer.h"

#include <fmt/format.h>

#include "workloads/payload.h"

namespace faultline {
namespace {

constexpr std::size_t most_in_flight = 4096;          // of an open loop: above it, sends are late
constexpr Duration refused_pause = 10 * millisecond;  // of a closed loop
constexpr Duration resend_after = 1 * second;
constexpr Duration resend_for = 60 * second;  // brokers remember an id for two minutes

std::mt19937_64 seeded(std::uint64_t seed, std::uint32_t number) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                         number};
  return std::mt19937_64(sequence);
}

}  // namespace

Producer::Producer(LogContext& context, std::uint32_t number)
    : context_(context),
      number_(number),
      session_(context, "producer", "", number),
      random_(seeded(context.seed, number)) {}

Producer::~Producer() { stop(); }

void Producer::start() {
  thread_ = std::jthread([this](std::stop_token stop) {
    context_.settings.in_flight > 0 ? run_closed_loop(stop) : run_open_loop(stop);
  });
  if (!context_.settings.resend) return;
  second_session_.emplace(context_, "producer", "", number_ + 1);
  resends_ = std::jthread([this](std::stop_token stop) { run_resends(stop); });
}

void Producer::stop() {
  thread_ = {};
  resends_ = {};
  give_up_resends();
  in_flight_.wait_until_none();
}

void Producer::run_open_loop(std::stop_token stop) {
  const double rate = context_.settings.rate / context_.settings.producers;
  if (rate <= 0) return;
  Schedule schedule(rate, random_(), monotonic_now());
  while (true) {
    const Time intended = schedule.next();
    if (!sleep_until(intended, stop)) return;
    if (!in_flight_.acquire(most_in_flight, stop)) return;
    publish(intended);
  }
}

void Producer::run_closed_loop(std::stop_token stop) {
  while (in_flight_.acquire(context_.settings.in_flight, stop)) {
    publish(0);
    if (refused_.exchange(false) && !sleep_until(monotonic_now() + refused_pause, stop)) return;
  }
}

void Producer::run_resends(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !unacknowledged_.empty(); })) {
    const Time due = unacknowledged_.front().due;
    lock.unlock();
    const bool goes_on = sleep_until(due, stop);
    lock.lock();
    if (!goes_on) return;
    const auto next = std::move(unacknowledged_.front());
    unacknowledged_.pop_front();
    lock.unlock();
    send(*second_session_, next.message, 0);
    lock.lock();
  }
}

// It stays in flight until it is acknowledged or given up.
bool Producer::send_again(const Message& message) {
  const std::lock_guard lock(mutex_);
  const Time due = monotonic_now() + resend_after;
  if (!context_.settings.resend || gave_up_ || due > message.since + resend_for) return false;
  unacknowledged_.push_back({message, due});
  changed_.notify_all();
  return true;
}

void Producer::give_up_resends() {
  std::unique_lock lock(mutex_);
  gave_up_ = true;
  const auto left = std::exchange(unacknowledged_, {}).size();
  lock.unlock();
  for (std::size_t i = 0; i < left; ++i) in_flight_.release();
}

void Producer::publish(Time intended) {
  const auto& settings = context_.settings;
  std::uniform_int_distribution<std::size_t> size(settings.min_size, settings.max_size);
  const Value value{number_, ++counter_};
  const Time since = monotonic_now();
  send(session_, {value, encode_payload(context_.run, value, size(random_), random_()), since},
       intended);
}

void Producer::send(Session& session, const Message& message, Time intended) {
  const auto& [value, payload, since] = message;
  const auto [client, process] = session.seat();
  Invocation invocation;
  invocation.kind = OperationKind::publish;
  invocation.process = process;
  invocation.size = static_cast<std::uint32_t>(payload.size());
  invocation.value = value;
  invocation.intended = intended;
  const auto id = context_.recorder.invoke(invocation);

  const auto replied = [this, id,
                        kept = Message{value, context_.settings.resend ? payload : "", since}](
                           const PublishReply& reply) {
    Completion completion;
    completion.outcome = reply.outcome;
    completion.sequence = reply.sequence;
    completion.duplicate = reply.duplicate;
    if (!reply.sent) completion.answer = Answer::unsent;
    const Time at = context_.recorder.complete(id, completion);
    switch (reply.outcome) {
      case Outcome::ok:
        ++context_.live.writes_ok;
        context_.live.last_write.raise(at);
        context_.newest.raise(reply.sequence);
        break;
      case Outcome::fail:
        ++context_.live.writes_failed;
        refused_ = true;
        break;
      case Outcome::unknown:
        ++context_.live.writes_unknown;
        break;
    }
    if (reply.outcome == Outcome::ok || !send_again(kept)) in_flight_.release();
  };
  client.publish(payload, fmt::format("{}-{}", value.producer, value.counter),
                 context_.settings.publish_timeout, replied);
}

}  // namespace faultline
