#include "workloads/log_workload.h"

#include <fmt/format.h>

#include <algorithm>
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

ClientFactory client_factory(const LogSettings& settings, const StreamAddress& address,
                             std::uint32_t partition) {
  const bool at_once = sends_at_once(settings.in_flight);
  NatsAddress nats{address.urls, address.stream, address.subject, at_once, address.access};
  if (settings.resend) nats.id_header = "Nats-Msg-Id";
  if (address.product == "memphis") nats = in_memphis(nats, partition);
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

// The clients of one partition.
class Part {
 public:
  Part(const LogSettings& settings, const StreamAddress& address, Recorder& recorder,
       std::uint64_t run, std::uint64_t seed, std::uint32_t partition)
      : context_{settings, address, recorder,  client_factory(settings, address, partition),
                 run,      seed,    partition, {},
                 {}},
        producers_before_((partition - 1) * settings.producers),
        clients_((partition - 1) * clients_of(settings)) {}

  ~Part() { stop(); }

  void wait() const { wait_for_stream(context_); }

  void start() {
    make_roles();
    start_all(consumers_);
    start_all(readers_);
    start_all(producers_);
  }

  void stop_producing() { producers_.clear(); }

  DrainFinished drain(const Drain::GiveUp& give_up) {
    for (auto& consumer : consumers_) consumer->hurry();
    DrainFinished finished = Drain(context_, consumers_, clients_++).run(give_up);
    finished.partition = context_.partition;
    return finished;
  }

  void stop() {
    producers_.clear();
    readers_.clear();
    consumers_.clear();
  }

  LiveFigures live() const { return context_.live.figures(); }

 private:
  static std::uint32_t clients_of(const LogSettings& s) {
    return s.producers + s.readers + s.rereaders + s.directs + s.durables + s.laggards + s.refusers;
  }

  void make_roles() {
    const auto& s = context_.settings;
    const auto& a = context_.address;
    for (std::uint32_t i = 0; i < s.producers; ++i, ++clients_)
      producers_.push_back(std::make_unique<Producer>(context_, producers_before_ + i));
    add_readers(s.readers, "reader", OperationKind::read, ReadOrder::newest);
    add_readers(s.rereaders, "rereader", OperationKind::read, ReadOrder::from_start);
    add_readers(s.directs, "direct", OperationKind::direct_read, ReadOrder::from_start);
    add_consumers(s.durables, "durable", a.durable_group, 0);
    add_consumers(s.laggards, "lagging", a.lagging_group, lagging_rate(s));
    add_consumers(s.refusers, refusing_role, a.refusing_group, 0);
  }

  void add_readers(std::uint32_t number, const std::string& role, OperationKind kind,
                   ReadOrder order) {
    for (; number > 0; --number)
      readers_.push_back(std::make_unique<Reader>(context_, role, kind, order, clients_++));
  }

  void add_consumers(std::uint32_t number, const std::string& role, const std::string& group,
                     double rate) {
    for (; number > 0; --number)
      consumers_.push_back(std::make_unique<Consumer>(context_, role, group, rate, clients_++));
  }

  LogContext context_;
  const std::uint32_t producers_before_;  // of other partitions: each has a number of its own
  std::vector<std::unique_ptr<Producer>> producers_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::uint32_t clients_;  // made so far; spreads their first servers
};

}  // namespace

struct LogWorkload::Implementation {
  Recorder& recorder;
  std::vector<std::unique_ptr<Part>> parts;

  Implementation(LogSettings settings, const StreamAddress& address, Recorder& a_recorder,
                 const std::string& run_id, std::uint64_t seed)
      : recorder(a_recorder) {
    settings.rate /= address.partitions;
    for (std::uint32_t partition = 1; partition <= address.partitions; ++partition)
      parts.push_back(
          std::make_unique<Part>(settings, address, recorder, run_hash(run_id), seed, partition));
  }

  void start() {
    for (const auto& part : parts) part->wait();
    for (const auto& part : parts) part->start();
  }

  // Sums, and who has been without for longest.
  LiveFigures live() const {
    LiveFigures all = parts.front()->live();
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const LiveFigures one = parts[i]->live();
      all.writes_ok += one.writes_ok;
      all.writes_failed += one.writes_failed;
      all.writes_unknown += one.writes_unknown;
      all.reads_ok += one.reads_ok;
      all.deliveries += one.deliveries;
      all.last_write = std::min(all.last_write, one.last_write);
      all.last_read = std::min(all.last_read, one.last_read);
      all.last_delivery = std::min(all.last_delivery, one.last_delivery);
    }
    all.operations = recorder.tally();
    return all;
  }
};

LogWorkload::LogWorkload(const LogSettings& settings, const StreamAddress& address,
                         Recorder& recorder, std::string run_id, std::uint64_t seed)
    : implementation_(std::make_unique<Implementation>(settings, address, recorder, run_id, seed)) {
}

LogWorkload::~LogWorkload() = default;

void LogWorkload::start() { implementation_->start(); }

void LogWorkload::stop_producing() {
  for (const auto& part : implementation_->parts) part->stop_producing();
}

DrainFinished LogWorkload::drain(std::uint32_t partition,
                                 const std::function<std::optional<std::string>()>& give_up) {
  return implementation_->parts.at(partition - 1)->drain(give_up);
}

void LogWorkload::stop() {
  for (const auto& part : implementation_->parts) part->stop();
}

LiveFigures LogWorkload::live() const { return implementation_->live(); }

}  // namespace faultline
