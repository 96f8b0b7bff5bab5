#include "faults/broker_crash.h"

#include <chrono>
#include <thread>

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto restart_limit = 60s;

}  // namespace

void BrokerCrash::strike(const std::string& server) {
  const auto process = cluster().process(server);
  {
    const std::lock_guard lock(mutex_);
    before_[server] = process;
  }
  cluster().crash(server);
}

Evidence BrokerCrash::look(const std::string& server) {
  const auto& before = before_.at(server);
  std::string now;
  for (const auto deadline = Clock::now() + restart_limit; Clock::now() < deadline;
       std::this_thread::sleep_for(100ms)) {
    now = cluster().process(server);
    if (!now.empty() && now != before) return {true, before + " killed, " + now + " took over"};
  }
  return {false, now == before ? before + " still runs" : before + " is gone, nobody restarted it"};
}

}  // namespace faultline
