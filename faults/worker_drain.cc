#include "faults/worker_drain.h"

#include <fmt/format.h>

#include "faults/reachability.h"

namespace faultline {

WorkerDrain::WorkerDrain(FaultContext context, const FaultOptions& options)
    : PerServerFault("worker-drain", context), options_(options) {}

void WorkerDrain::strike(const std::string& server) {
  auto report = cluster().drain(server, options_.within);
  const std::lock_guard lock(mutex_);
  reports_[server] = std::move(report);
}

Evidence WorkerDrain::look(const std::string& server) {
  const auto& report = reports_.at(server);
  if (options_.held_off) return {report.held_off && cluster().running(server), report.text};
  const auto silent = silence_of(cluster(), server);
  const auto why = cluster().why_down(server);
  return {report.complete && cluster().drained(server),
          fmt::format("{}, {}{}{}", report.text, silent.holds ? silent.text : "it is served again",
                      why.empty() ? "" : ", ", why)};
}

void WorkerDrain::undo(const std::string& server) { cluster().start(server); }

}  // namespace faultline
