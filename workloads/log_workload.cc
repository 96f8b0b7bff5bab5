#include "workloads/log_workload.h"

#include <fmt/format.h>

#include <stdexcept>

#include "workloads/consumer.h"
#include "workloads/drain.h"
#include "workloads/log_context.h"
#include "workloads/memphis_address.h"
#include "workloads/nats_client.h"
#include "workloads/payload.h"
#include "workloads/producer.h"
#include "workloads/reader.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

constexpr Duration start_limit = 10 * second;
constexpr milliseconds probe_timeout{1000};

// Slow enough that the lagging group has something to read through a fault
// several times as long as the steady phase before it.
constexpr double lagging_share = 0.125;

ClientFactory client_factory(const LogSettings& settings, const StreamAddress& address) {
  const bool at_once = sends_at_once(settings.in_flight);
  NatsAddress nats{address.urls, address.stream, address.subject, at_once, address.access};
  if (settings.resend) nats.id_header = "Nats-Msg-Id";
  if (address.product == "memphis") nats = in_memphis(nats);
  return [nats](const std::string& name, std::size_t first_server) {
    return std::make_unique<NatsClient>(nats, name, first_server);
  };
}

void wait_for_stream(const LogContext& context) {
  const auto probe = context.make_client("faultline-probe", 0);
  const Time limit = monotonic_now() + start_limit;
  while (!probe->stream_state(probe_timeout)) {
    if (monotonic_now() > limit)
      throw std::runtime_error(fmt::format("stream {} cannot be reached at {}",
                                           context.address.stream, context.address.urls.front()));
    sleep_until(monotonic_now() + 50 * millisecond, {});
  }
}

double lagging_rate(const LogSettings& settings) {
  const double all = settings.in_flight > 0 ? settings.read_rate : settings.rate * lagging_share;
  return all / settings.laggards;
}

template <class Roles>
void start_all(Roles& roles) {
  for (auto& role : roles) role->start();
}

}  // namespace

struct LogWorkload::Implementation {
  LogContext context;
  std::vector<std::unique_ptr<Producer>> producers;
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<std::unique_ptr<Consumer>> consumers;
  std::uint32_t clients = 0;  // made so far; spreads their first servers

  Implementation(const LogSettings& settings, const StreamAddress& address, Recorder& recorder,
                 const std::string& run_id, std::uint64_t seed)
      : context{settings,         address, recorder, client_factory(settings, address),
                run_hash(run_id), seed,    {},       {}} {}

  ~Implementation() { stop(); }

  void start() {
    wait_for_stream(context);
    make_roles();
    start_all(consumers);
    start_all(readers);
    start_all(producers);
  }

  void make_roles() {
    const auto& s = context.settings;
    const auto& a = context.address;
    for (std::uint32_t i = 0; i < s.producers; ++i, ++clients)
      producers.push_back(std::make_unique<Producer>(context, i));
    add_readers(s.readers, "reader", OperationKind::read, ReadOrder::newest);
    add_readers(s.rereaders, "rereader", OperationKind::read, ReadOrder::from_start);
    add_readers(s.directs, "direct", OperationKind::direct_read, ReadOrder::from_start);
    add_consumers(s.durables, "durable", a.durable_group, 0);
    add_consumers(s.laggards, "lagging", a.lagging_group, lagging_rate(s));
  }

  void add_readers(std::uint32_t number, const std::string& role, OperationKind kind,
                   ReadOrder order) {
    for (; number > 0; --number)
      readers.push_back(std::make_unique<Reader>(context, role, kind, order, clients++));
  }

  void add_consumers(std::uint32_t number, const std::string& role, const std::string& group,
                     double rate) {
    for (; number > 0; --number)
      consumers.push_back(std::make_unique<Consumer>(context, role, group, rate, clients++));
  }

  void stop_producing() { producers.clear(); }

  DrainFinished drain(const Drain::GiveUp& give_up) {
    for (auto& consumer : consumers) consumer->hurry();
    return Drain(context, consumers, clients++).run(give_up);
  }

  void stop() {
    producers.clear();
    readers.clear();
    consumers.clear();
  }
};

LogWorkload::LogWorkload(const LogSettings& settings, const StreamAddress& address,
                         Recorder& recorder, std::string run_id, std::uint64_t seed)
    : implementation_(std::make_unique<Implementation>(settings, address, recorder, run_id, seed)) {
}

LogWorkload::~LogWorkload() = default;

void LogWorkload::start() { implementation_->start(); }

void LogWorkload::stop_producing() { implementation_->stop_producing(); }

DrainFinished LogWorkload::drain(const std::function<std::optional<std::string>()>& give_up) {
  return implementation_->drain(give_up);
}

void LogWorkload::stop() { implementation_->stop(); }

LiveFigures LogWorkload::live() const {
  const LogContext& context = implementation_->context;
  LiveFigures figures = context.live.figures();
  figures.operations = context.recorder.tally();
  return figures;
}

}  // namespace faultline
