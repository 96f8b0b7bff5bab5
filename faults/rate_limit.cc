#include "faults/rate_limit.h"

#include <fmt/format.h>

#include "faults/growing_count.h"
#include "faults/server_address.h"
#include "harness/cluster/traffic_control.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

constexpr std::chrono::seconds wait_limit{10};

}  // namespace

void RateLimit::strike(const std::string& server) {
  auto& machine = worker(server);
  const auto monitor = address_of(find_server(cluster(), server).monitor_url).port;
  machine.undo_first(
      {.what = machine.name() + " sends at any rate", .steps = {undo_limit(machine.inside())}});
  machine.act(limit_rate(rate_, monitor));
}

Evidence RateLimit::look(const std::string& server) {
  const auto place = worker(server).inside();
  const auto list = place.command(list_classes());
  const auto waiting =
      wait_for_more([&] { return packets_waiting(output_of(list)); }, 0, wait_limit);
  if (!waiting) return {false, fmt::format("worker {} has no rate limit", place.name)};
  if (*waiting == 0)
    return {false, fmt::format("no packet of worker {} was seen to wait for {} in {} s", place.name,
                               rate_, wait_limit.count())};
  return {true, fmt::format("{} packets of worker {} wait, since it sends no more than {}",
                            *waiting, place.name, rate_)};
}

void RateLimit::undo(const std::string& server) { run_undo(undo_limit(worker(server).inside())); }

}  // namespace faultline
