#include "harness/local_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "faults/fault.h"
#include "harness/cluster/local.h"

namespace faultline {
namespace {

bool needs_workers(const Scenario& scenario) {
  return std::ranges::any_of(scenario.faults, [](const FaultStep& step) {
    const auto needs = fault_kind(step.fault).needs;
    return needs != Needs::nothing && needs != Needs::process && needs != Needs::supervisor &&
           needs != Needs::metadata;
  });
}

// An image file in the broker's own folder. It is mounted elsewhere: where the results are
// moved, or deleted, what is mounted stays where the journal says.
Volume volume_in(const std::filesystem::path& folder, const std::string& name,
                 const Scenario& scenario) {
  return {{"this machine", {}},
          folder / "volume.img",
          "/run/" + name,
          std::uint64_t{scenario.volume_size} << 20,
          scenario.file_system};
}

std::vector<Volume> make_volumes(const std::filesystem::path& folder, const std::string& run_id,
                                 const Scenario& scenario, const UndoFirst& undo_first) {
  std::vector<Volume> volumes;
  for (std::uint32_t i = 0; i < scenario.brokers; ++i) {
    const auto server = fmt::format("n{}", i + 1);
    const auto own = std::filesystem::absolute(folder) / "brokers" / server;
    std::filesystem::create_directories(own);
    volumes.push_back(volume_in(own, fmt::format("faultline-{}-{}", run_id, server), scenario));
    undo_first(
        {.what = "the volume of " + server + " removed", .steps = {volumes.back().undo_make()}});
    volumes.back().make();
    volumes.back().attach();
  }
  return volumes;
}

}  // namespace

std::vector<std::string> LocalProvider::missing(const Scenario& scenario) {
  std::vector<std::string> missing;
  for (const FaultStep& step : scenario.faults) {
    if (fault_kind(step.fault).needs == Needs::kubelet)
      missing.push_back(fmt::format("{} is of Kubernetes: use --provider kind", step.fault));
    if (step.options.held_off)
      missing.push_back("no budget holds a drain off here: use --provider kind");
  }
  if (scenario.shared_volumes)
    missing.push_back("nobody starts a broker on another worker here: use --provider kind");
  if (!missing.empty() || !needs_workers(scenario)) return missing;
  const auto need = [&](const std::string& name, const Probe& probe) {
    const Capability& one = tried(name, probe);
    const auto text = fmt::format("no {} ({}): needs {}", one.what, one.found, one.remedy);
    if (!one.works && std::ranges::find(missing, text) == missing.end()) missing.push_back(text);
  };
  need("namespaces", network_namespaces);
  const auto& file_system = scenario.file_system;
  need(file_system, [&] { return loop_volume(file_system); });
  for (const FaultStep& step : scenario.faults) {
    const auto& fault = step.fault;
    if (fault == "partition" || fault == "clients-cut") need("filter", packet_filter);
    if (fault == "packet-loss") need("random match", random_packet_match);
    if (fault == "rate-limit") need("htb", htb_qdisc);
    if (fault == "packet-delay" && !tried("netem", netem_qdisc).works) need("queue", packet_queue);
    if (fault == "volume-detach" || fault == "power-loss")
      need("shutdown of " + file_system, [&] { return file_system_shutdown(file_system); });
    if (fault == "disk-frozen")
      need("freeze of " + file_system, [&] { return file_system_freeze(file_system); });
  }
  return missing;
}

const Capability& LocalProvider::tried(const std::string& name, const Probe& probe) {
  const auto found = tried_.find(name);
  return found != tried_.end() ? found->second : tried_.emplace(name, probe()).first->second;
}

std::unique_ptr<Cluster> LocalProvider::start_brokers(const BrokerProgram& program,
                                                      const Scenario& scenario,
                                                      const RunOptions& options, Journal& journal,
                                                      const Message& message) {
  LocalOptions local;
  local.folder = options.folder;
  local.brokers = scenario.brokers;
  local.undo_first = [&journal](const Undo& undo) { journal.undo_first(undo); };
  local.started = [&journal](int pid, const std::string& what) {
    journal.process_started(pid, what);
  };
  if (needs_workers(scenario)) {
    message("making a worker and a volume for each broker");
    local.network =
        std::make_shared<LocalNetwork>(journal.run(), scenario.brokers, local.undo_first);
    local.volumes = make_volumes(options.folder, journal.run(), scenario, local.undo_first);
  }
  return std::make_unique<LocalCluster>(program, local);
}

}  // namespace faultline
