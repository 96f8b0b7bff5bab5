#include "faults/packet_loss.h"

#include <fmt/format.h>

#include "faults/server_address.h"

namespace faultline {
namespace {

constexpr std::chrono::seconds packet_limit{20};  // one of a hundred packets, at the least

}  // namespace

PacketLoss::PacketLoss(FaultContext context, const FaultOptions& options)
    : ChainFault("packet-loss", context, {"LOSS-FAULTLINE", "raw", {"PREROUTING", "OUTPUT"}}),
      percent_(options.percent) {}

std::vector<std::string> PacketLoss::rules(const std::string& server) const {
  const auto monitor = address_of(find_server(cluster(), server).monitor_url).port;
  return {"-i lo -j RETURN", "-o lo -j RETURN", "-p tcp --dport " + monitor + " -j RETURN",
          "-p tcp --sport " + monitor + " -j RETURN",
          fmt::format("-m statistic --mode random --probability {:.6f} -j DROP", percent_ / 100)};
}

Evidence PacketLoss::look(const std::string& server) { return dropped_more(server, packet_limit); }

}  // namespace faultline
