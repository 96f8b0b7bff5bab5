#include "faults/leader_churn.h"

#include <fmt/format.h>

#include <utility>

#include "faults/reachability.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_limit = 1s;

}  // namespace

LeaderChurn::LeaderChurn(FaultContext context, const FaultOptions& options,
                         std::chrono::milliseconds change_limit)
    : context_(context), interval_(options.interval), change_limit_(change_limit) {}

void LeaderChurn::inject(std::span<const std::string> servers) {
  const std::vector<std::string> struck(servers.begin(), servers.end());
  context_.journal.fault_striking("leader-churn", struck);
  if (!struck.empty()) now_.leader = struck.front();
  thread_ = std::jthread([this](const std::stop_token& stop) { churn(stop); });
}

void LeaderChurn::churn(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    step_down();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, interval_, [] { return false; });
    lock.unlock();
    look_who_leads();
  }
}

void LeaderChurn::step_down() try {
  const bool accepted = context_.broker.step_down(answer_limit);
  const std::lock_guard lock(mutex_);
  now_.accepted += accepted ? 1 : 0;
  if (!accepted) now_.problem = "a step-down was not accepted";
} catch (const std::exception& error) {
  const std::lock_guard lock(mutex_);
  now_.problem = error.what();
}

void LeaderChurn::look_who_leads() try {
  const auto leader = context_.broker.leaders().stream;
  if (leader.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (leader != now_.leader) ++now_.changes;
    now_.leader = leader;
  }
  changed_.notify_all();
} catch (const std::exception& error) {
  const std::lock_guard lock(mutex_);
  now_.problem = error.what();
}

Evidence LeaderChurn::verify() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, interval_ + change_limit_, [this] { return went_on(); });
  const bool holds = went_on();
  const auto before = std::exchange(seen_, now_);
  return {holds, fmt::format("{} step-downs accepted, the leader changed {} times{}, {} leads{}",
                             now_.accepted - before.accepted, now_.changes - before.changes,
                             before.accepted == 0 ? "" : " since the last look",
                             now_.leader.empty() ? "nobody" : now_.leader,
                             holds || now_.problem.empty() ? "" : "; " + now_.problem)};
}

Evidence LeaderChurn::lift(const std::string&) {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  return {true, "nobody is asked to step down any more"};
}

Evidence LeaderChurn::see_healed(const std::string& server) try {
  return wait_until_it_answers(context_, server);
} catch (const ClusterError& error) {
  return {false, error.what()};
}

}  // namespace faultline
