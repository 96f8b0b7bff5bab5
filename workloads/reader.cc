#include "workloads/reader.h"

#include <algorithm>

namespace faultline {
namespace {

constexpr std::size_t most_in_flight = 256;

}  // namespace

Reader::Reader(LogContext& context, std::string role, OperationKind kind, ReadOrder order,
               std::uint32_t number)
    : context_(context),
      kind_(kind),
      order_(order),
      number_(number),
      session_(context, std::move(role), "", number) {}

Reader::~Reader() { stop(); }

void Reader::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

void Reader::stop() {
  thread_ = {};
  in_flight_.wait_until_none();
}

void Reader::run(std::stop_token stop) {
  const double rate = context_.settings.read_rate;
  if (rate <= 0) return;
  Schedule schedule(rate, context_.seed + number_, monotonic_now());
  while (sleep_until(schedule.next(), stop) && in_flight_.acquire(most_in_flight, stop))
    read(next_sequence());
}

std::uint64_t Reader::next_sequence() {
  const auto newest = context_.newest.get();
  if (order_ == ReadOrder::newest) return std::max(newest, found_.get() + 1);
  cursor_ = cursor_ < newest ? cursor_ + 1 : 1;
  return cursor_;
}

void Reader::read(std::uint64_t sequence) {
  const auto [client, process] = session_.seat();
  Invocation invocation;
  invocation.kind = kind_;
  invocation.process = process;
  invocation.sequence = sequence;
  const auto id = context_.recorder.invoke(invocation);

  const auto completed = [this, id, sequence](const ReadReply& reply) {
    if (complete_read(context_, id, kind_, sequence, reply) && reply.found) found_.raise(sequence);
    in_flight_.release();
  };
  const auto timeout = context_.settings.read_timeout;
  if (kind_ == OperationKind::direct_read)
    client.direct_read(sequence, timeout, completed);
  else
    client.read(sequence, timeout, completed);
}

}  // namespace faultline
