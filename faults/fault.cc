#include "faults/fault.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "faults/bit_flip.h"
#include "faults/broker_crash.h"
#include "faults/broker_kill.h"
#include "faults/broker_pause.h"
#include "faults/broker_stop.h"
#include "faults/clients_cut.h"
#include "faults/control_request.h"
#include "faults/disk_frozen.h"
#include "faults/disk_full.h"
#include "faults/kubelet_stop.h"
#include "faults/leader_churn.h"
#include "faults/metadata_down.h"
#include "faults/metadata_frozen.h"
#include "faults/metadata_slow.h"
#include "faults/packet_delay.h"
#include "faults/packet_loss.h"
#include "faults/partition.h"
#include "faults/power_loss.h"
#include "faults/rate_limit.h"
#include "faults/truncate.h"
#include "faults/volume_detach.h"
#include "faults/volume_wipe.h"
#include "faults/worker_drain.h"
#include "faults/worker_pause.h"
#include "faults/worker_stop.h"

namespace faultline {
namespace {

template <class T>
std::unique_ptr<Fault> make(FaultContext context, const FaultOptions& options) {
  if constexpr (std::is_constructible_v<T, FaultContext, const FaultOptions&>)
    return std::make_unique<T>(context, options);
  else
    return std::make_unique<T>(context);
}

struct Registered : FaultKind {
  std::unique_ptr<Fault> (*make)(FaultContext, const FaultOptions&);
};

constexpr bool takes_down = true, passing = true, answers = true;

constexpr std::array registry{
    Registered{{"broker-kill", Needs::nothing, takes_down, !passing}, make<BrokerKill>},
    Registered{{"broker-stop", Needs::nothing, takes_down, !passing}, make<BrokerStop>},
    Registered{{"broker-pause", Needs::process, takes_down, !passing}, make<BrokerPause>},
    Registered{{"broker-crash", Needs::supervisor, !takes_down, passing}, make<BrokerCrash>},
    Registered{{"worker-drain", Needs::drain, takes_down, !passing}, make<WorkerDrain>},
    Registered{{"worker-stop", Needs::worker, takes_down, !passing}, make<WorkerStop>},
    Registered{{"worker-pause", Needs::worker, takes_down, !passing}, make<WorkerPause>},
    Registered{{"kubelet-stop", Needs::kubelet, !takes_down, !passing}, make<KubeletStop>},
    Registered{{"leader-churn", Needs::nothing, !takes_down, !passing}, make<LeaderChurn>},
    Registered{{"control-request", Needs::nothing, !takes_down, passing}, make<ControlRequest>},
    Registered{{"partition", Needs::worker, takes_down, !passing, answers}, make<Partition>},
    Registered{{"clients-cut", Needs::network, takes_down, !passing, answers}, make<ClientsCut>},
    Registered{{"packet-loss", Needs::network, !takes_down, !passing}, make<PacketLoss>},
    Registered{{"rate-limit", Needs::network, !takes_down, !passing}, make<RateLimit>},
    Registered{{"packet-delay", Needs::network, !takes_down, !passing}, make<PacketDelay>},
    Registered{{"metadata-down", Needs::metadata, !takes_down, !passing}, make<MetadataDown>},
    Registered{{"metadata-frozen", Needs::metadata, !takes_down, !passing}, make<MetadataFrozen>},
    Registered{{"metadata-slow", Needs::metadata, !takes_down, !passing}, make<MetadataSlow>},
    Registered{{"volume-detach", Needs::volume, takes_down, !passing}, make<VolumeDetach>},
    Registered{{"power-loss", Needs::volume, takes_down, !passing}, make<PowerLoss>},
    Registered{{"volume-wipe", Needs::volume, takes_down, !passing}, make<VolumeWipe>},
    Registered{{"disk-full", Needs::volume, takes_down, !passing, answers}, make<DiskFull>},
    Registered{{"disk-frozen", Needs::volume, takes_down, !passing, answers}, make<DiskFrozen>},
    Registered{{"bit-flip", Needs::volume, takes_down, !passing}, make<BitFlip>},
    Registered{{"truncate", Needs::volume, takes_down, !passing}, make<Truncate>},
};

const Registered* find(std::string_view name) {
  const auto found = std::ranges::find(registry, name, &Registered::name);
  return found == registry.end() ? nullptr : &*found;
}

const Registered& registered(std::string_view name) {
  if (const auto* found = find(name)) return *found;
  throw std::invalid_argument("there is no fault \"" + std::string(name) + "\"");
}

}  // namespace

const FaultKind* find_fault_kind(std::string_view name) { return find(name); }

const FaultKind& fault_kind(std::string_view name) { return registered(name); }

std::unique_ptr<Fault> make_fault(std::string_view name, FaultContext context,
                                  const FaultOptions& options) {
  return registered(name).make(context, options);
}

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (const auto& fault : registry) names.emplace_back(fault.name);
  return names;
}

}  // namespace faultline
