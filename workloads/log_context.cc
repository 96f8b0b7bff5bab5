#include "workloads/log_context.h"

#include "workloads/payload.h"

namespace faultline {

LiveFigures LiveCounters::figures() const {
  LiveFigures figures;
  figures.writes_ok = writes_ok;
  figures.writes_failed = writes_failed;
  figures.writes_unknown = writes_unknown;
  figures.reads_ok = reads_ok;
  figures.deliveries = deliveries;
  figures.last_write = last_write.get();
  figures.last_read = last_read.get();
  figures.last_delivery = last_delivery.get();
  return figures;
}

bool complete_read(LogContext& context, OperationId id, OperationKind kind, std::uint64_t sequence,
                   const ReadReply& reply) {
  Completion completion;
  completion.outcome = reply.outcome;
  if (reply.outcome == Outcome::ok && reply.found) {
    const auto decoded = decode_payload(context.run, reply.payload);
    completion.answer = decoded.answer;
    completion.value = decoded.value;
    completion.sequence = sequence;
    context.newest.raise(sequence);
  } else if (reply.outcome == Outcome::ok) {
    completion.answer = Answer::absent;
  } else if (!reply.sent) {
    completion.answer = Answer::unsent;
  }
  const Time at = context.recorder.complete(id, completion);
  if (reply.outcome != Outcome::ok) return false;
  if (kind != OperationKind::direct_read) {
    ++context.live.reads_ok;
    context.live.last_read.raise(at);
  }
  return true;
}

Session::Session(LogContext& context, std::string role, std::string group, std::size_t first_server)
    : context_(context),
      role_(std::move(role)),
      group_(std::move(group)),
      first_server_(first_server) {
  open();
}

Session::Seat Session::seat() {
  if (client_->closed() && monotonic_now() - opened_ >= second) open();
  return {*client_, process_};
}

void Session::open() {
  client_.reset();
  process_ = context_.recorder.new_process(role_, group_, context_.partition);
  client_ =
      context_.make_client("faultline-" + role_ + "-" + std::to_string(process_), first_server_++);
  opened_ = monotonic_now();
}

}  // namespace faultline
