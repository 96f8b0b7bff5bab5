#include "faults/fault.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "faults/broker_kill.h"
#include "faults/broker_stop.h"
#include "faults/worker_stop.h"

namespace faultline {
namespace {

template <class T>
std::unique_ptr<Fault> make(FaultContext context) {
  return std::make_unique<T>(context);
}

enum class Breaks { broker, worker, volume };

struct Registered {
  std::string_view name;
  std::unique_ptr<Fault> (*make)(FaultContext);
  Breaks breaks;
};

constexpr std::array registry{
    Registered{"broker-kill", make<BrokerKill>, Breaks::broker},
    Registered{"broker-stop", make<BrokerStop>, Breaks::broker},
    Registered{"worker-stop", make<WorkerStop>, Breaks::worker},
};

bool breaks(std::string_view name, Breaks what) {
  const auto found = std::ranges::find(registry, name, &Registered::name);
  return found != registry.end() && found->breaks == what;
}

}  // namespace

std::unique_ptr<Fault> make_fault(std::string_view name, FaultContext context) {
  const auto found = std::ranges::find(registry, name, &Registered::name);
  if (found == registry.end())
    throw std::invalid_argument("there is no fault \"" + std::string(name) + "\"");
  return found->make(context);
}

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (const auto& fault : registry) names.emplace_back(fault.name);
  return names;
}

bool needs_worker(std::string_view fault) { return breaks(fault, Breaks::worker); }
bool needs_volume(std::string_view fault) { return breaks(fault, Breaks::volume); }

}  // namespace faultline
