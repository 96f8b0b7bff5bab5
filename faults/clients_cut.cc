#include "faults/clients_cut.h"

#include "faults/reachability.h"
#include "faults/server_address.h"

namespace faultline {
namespace {

constexpr std::chrono::seconds packet_limit{10};  // we have just asked it

}  // namespace

ClientsCut::ClientsCut(FaultContext context)
    : ChainFault("clients-cut", context, {"CLIENTS-FAULTLINE", "raw", {"PREROUTING", "OUTPUT"}}) {}

std::string ClientsCut::already(const std::string& server) {
  return silence_of(cluster(), server).holds ? "silent to clients" : "";
}

std::vector<std::string> ClientsCut::rules(const std::string& server) const {
  const auto port = address_of(find_server(cluster(), server).client_url).port;
  return {"-p tcp --dport " + port + " -j DROP", "-p tcp --sport " + port + " -j DROP"};
}

Evidence ClientsCut::look(const std::string& server) {
  const auto silent = silence_of(cluster(), server);
  if (!silent.holds) return silent;
  const auto dropped = dropped_more(server, packet_limit);
  return {dropped.holds, silent.text + "; " + dropped.text};
}

}  // namespace faultline
