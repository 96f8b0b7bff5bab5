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
  {
    const std::lock_guard lock(mutex_);
    struck_[server] = {machine.inside()};
  }
  machine.undo_first(
      {.what = machine.name() + " sends at any rate", .steps = {undo_limit(machine.inside())}});
  machine.act(limit_rate(rate_, monitor));
}

RateLimit::Struck& RateLimit::struck(const std::string& server) {
  const std::lock_guard lock(mutex_);
  const auto found = struck_.find(server);
  if (found == struck_.end()) throw ClusterError(server + " sends at any rate");
  return found->second;
}

Evidence RateLimit::look(const std::string& server) {
  auto& one = struck(server);
  const auto list = one.place.command(list_qdiscs());
  const auto waited =
      wait_for_more([&] { return times_over_limit(output_of(list)); }, one.waited, wait_limit);
  if (!waited) return {false, fmt::format("worker {} has no rate limit", one.place.name)};
  if (*waited <= one.waited)
    return {false, fmt::format("worker {} never sent more than {} in {} s", one.place.name, rate_,
                               wait_limit.count())};
  one.waited = *waited;
  return {true, fmt::format("worker {} had to wait {} times to send no more than {}",
                            one.place.name, *waited, rate_)};
}

void RateLimit::undo(const std::string& server) {
  {
    const std::lock_guard lock(mutex_);
    if (!struck_.contains(server)) return;
  }
  run_undo(undo_limit(struck(server).place));
}

}  // namespace faultline
