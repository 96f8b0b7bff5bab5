// Publishes with the workload's own client and recorder, as fast as a number in
// flight allows, and prints the rate: set beside `nats bench` by ./bench.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>

#include "workloads/nats_client.h"
#include "workloads/pace.h"
#include "workloads/payload.h"
#include "workloads/recorder.h"

namespace {

using namespace faultline;

struct Settings {
  NatsAddress address;
  std::filesystem::path history;
  std::uint64_t messages = 100'000;
  std::size_t size = 128;
  std::size_t in_flight = 512;
  bool in_batches = false;
};

struct Figures {
  std::uint64_t ok = 0, other = 0;
  double seconds = 0;
};

Figures publish_all(const Settings& settings) {
  Recorder recorder(settings.history, Header{});
  NatsClient client(settings.address, "publish_perf", 0);
  const auto process = recorder.new_process("producer", "");
  while (!client.connected()) sleep_until(monotonic_now() + millisecond, {});

  std::atomic<std::uint64_t> ok{0}, other{0};
  InFlight in_flight;
  const Time begin = monotonic_now();
  for (std::uint64_t i = 1; i <= settings.messages; ++i) {
    if (settings.in_batches && (i - 1) % settings.in_flight == 0) in_flight.wait_until_none();
    in_flight.acquire(settings.in_flight, {});
    const auto payload = encode_payload(1, {0, i}, settings.size, i);
    Invocation invocation;
    invocation.process = process;
    invocation.size = static_cast<std::uint32_t>(payload.size());
    invocation.value = {0, i};
    const auto id = recorder.invoke(invocation);
    client.publish(payload, "", std::chrono::seconds(5), [&, id](const PublishReply& reply) {
      Completion completion;
      completion.outcome = reply.outcome;
      completion.sequence = reply.sequence;
      recorder.complete(id, completion);
      ++(reply.outcome == Outcome::ok ? ok : other);
      in_flight.release();
    });
  }
  in_flight.wait_until_none();
  return {ok, other, static_cast<double>(monotonic_now() - begin) / second};
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Publishes to a stream and prints messages a second");
  app.add_option("--url", settings.address.urls)->required();
  app.add_option("--stream", settings.address.stream)->required();
  app.add_option("--subject", settings.address.subject)->required();
  app.add_option("--messages", settings.messages)->capture_default_str();
  app.add_option("--size", settings.size)->capture_default_str();
  app.add_option("--in-flight", settings.in_flight)->capture_default_str();
  app.add_flag("--in-batches", settings.in_batches,
               "send --in-flight messages, await every answer, and so on, as `nats bench` does");
  app.add_option("--history", settings.history, "file to record to; must not exist")->required();
  CLI11_PARSE(app, argc, argv);
  settings.address.send_at_once = sends_at_once(settings.in_flight);
  try {
    const auto figures = publish_all(settings);
    fmt::print("{} acknowledged, {} not, {:.3f} s, {:.0f} msgs/s\n", figures.ok, figures.other,
               figures.seconds, static_cast<double>(figures.ok) / figures.seconds);
    return figures.other == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "publish_perf: {}\n", error.what());
    return 255;
  }
}
