#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "workloads/recorder.h"

namespace faultline {
namespace {

std::filesystem::path scratch_file() {
  return std::filesystem::temp_directory_path() /
         ("faultline-recorder-perf-" + std::to_string(::getpid()));
}

std::unique_ptr<Recorder> recorder;  // of the benchmark that runs, shared by its threads

void open_recorder(const benchmark::State&) {
  std::filesystem::remove(scratch_file());
  recorder = std::make_unique<Recorder>(scratch_file(), Header{});
}

void close_recorder(const benchmark::State&) {
  recorder.reset();
  std::filesystem::remove(scratch_file());
}

// One client: publish, read, deliver and ack in turn, eight events a round.
class Client {
 public:
  Client(Recorder& recorder, std::uint32_t process) : recorder_(recorder), process_(process) {}

  static constexpr int events_a_round = 8;

  void round(Duration late) {
    ++n_;
    const Value value{process_, n_};
    const std::uint64_t sequence = 4 * n_ + process_;
    const auto size = static_cast<std::uint32_t>(64 + n_ * 7919 % 193);
    Completion answer{Outcome::ok, Answer::none, false, 0, {}, sequence};
    const OperationId publish = recorder_.invoke(
        {OperationKind::publish, process_, size, value, 0, last_ ? last_ - late : 0});
    recorder_.complete(publish, answer);
    answer = {Outcome::ok, Answer::message, false, 0, value, sequence};
    const OperationId read =
        recorder_.invoke({OperationKind::read, process_ + 100, 0, {}, sequence, 0});
    recorder_.complete(read, answer);
    answer.deliveries = 1;
    const OperationId deliver =
        recorder_.invoke({OperationKind::deliver, process_ + 200, 0, {}, 0, 0});
    recorder_.complete(deliver, answer);
    const OperationId ack =
        recorder_.invoke({OperationKind::ack, process_ + 200, 0, {}, sequence, 0});
    last_ = recorder_.complete(ack, {Outcome::ok, Answer::none, false, 0, {}, 0});
  }

 private:
  Recorder& recorder_;
  std::uint32_t process_;
  std::uint64_t n_ = 0;
  Time last_ = 0;
};

// The client's time per event, as fast as events can come.
void record(benchmark::State& state) {
  Client client(*recorder, static_cast<std::uint32_t>(state.thread_index()));
  for (auto _ : state) client.round(100'000);
  const auto events = static_cast<double>(state.iterations() * Client::events_a_round);
  state.counters["s/event"] =
      benchmark::Counter(events, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(record)->Setup(open_recorder)->Teardown(close_recorder)->Threads(1)->UseRealTime();
BENCHMARK(record)->Setup(open_recorder)->Teardown(close_recorder)->Threads(4)->UseRealTime();

// Bytes per event at the pace of a run, where the time between events is long:
// four clients in turn, a round each, then `range` microseconds of nothing.
void bytes_per_event(benchmark::State& state) {
  double events = 0;
  for (auto _ : state) {
    open_recorder(state);
    std::vector<Client> clients;
    for (std::uint32_t c = 0; c < 4; ++c) clients.emplace_back(*recorder, c);
    for (int i = 0; i < 200; ++i) {
      for (Client& client : clients) client.round(150'000);
      events += 4 * Client::events_a_round;
      ::usleep(static_cast<useconds_t>(state.range(0)));
    }
    recorder->close();
    state.counters["bytes/event"] =
        static_cast<double>(std::filesystem::file_size(scratch_file())) /
        (200.0 * 4 * Client::events_a_round);
    close_recorder(state);
  }
}
BENCHMARK(bytes_per_event)->Arg(1'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace faultline
