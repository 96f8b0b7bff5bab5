#include "harness/cluster/packet_chain.h"

#include <sstream>

namespace faultline {
namespace {

InsideCommand shell(const std::string& script) { return {"sh", "-c", script}; }

std::string iptables(const PacketChain& chain, const std::string& what) {
  return "iptables -w -t " + chain.table + " " + what;
}

std::string for_each_hook(const PacketChain& chain, const std::string& what) {
  std::string words;
  for (const auto& hook : chain.hooks) words += " " + hook;
  return "for hook in" + words + "; do " + iptables(chain, what + " $hook -j " + chain.name) +
         "; done";
}

}  // namespace

InsideCommand make_chain(const PacketChain& chain, const std::vector<std::string>& rules) {
  std::string script = "set -e; " + iptables(chain, "-N " + chain.name) + "; ";
  for (const auto& rule : rules) script += iptables(chain, "-A " + chain.name + " " + rule) + "; ";
  return shell(script + for_each_hook(chain, "-I"));
}

InsideCommand list_chain(const PacketChain& chain) {
  return {"iptables", "-w", "-t", chain.table, "-v", "-x", "-n", "-L", chain.name};
}

InsideCommand chain_is_gone(const PacketChain& chain) {
  return shell("rules=$(" + iptables(chain, "-S") + ") || exit 3; case \"$rules\" in *\"-N " +
               chain.name + "\"*) exit 1;; esac");
}

InsideCommand remove_chain(const PacketChain& chain) {
  return shell(for_each_hook(chain, "-D") + "; " + iptables(chain, "-F " + chain.name) + "; " +
               iptables(chain, "-X " + chain.name));
}

UndoStep undo_chain(const PacketChain& chain, const Place& place) {
  return {place.command(chain_is_gone(chain)), place.command(remove_chain(chain))};
}

// Two lines of heading, then a rule each: packets, bytes, target.
std::uint64_t packets_taken(const std::string& listing, const std::string& target) {
  std::istringstream lines(listing);
  std::string line;
  std::uint64_t sum = 0;
  while (std::getline(lines, line)) {
    std::uint64_t packets = 0, bytes = 0;
    std::string word;
    if (std::istringstream(line) >> packets >> bytes >> word && word == target) sum += packets;
  }
  return sum;
}

}  // namespace faultline
