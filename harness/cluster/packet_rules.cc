#include "harness/cluster/packet_rules.h"

#include <algorithm>
#include <regex>

namespace faultline {
namespace {

// PREROUTING is all that comes in or passes through; OUTPUT what begins here.
const std::string make_chain =
    "iptables -w -t raw -N FAULTLINE; "
    "for hook in PREROUTING OUTPUT; do iptables -w -t raw -I $hook -j FAULTLINE; done; ";
const std::string remove_chain =
    "for hook in PREROUTING OUTPUT; do iptables -w -t raw -D $hook -j FAULTLINE; done; "
    "iptables -w -t raw -F FAULTLINE; iptables -w -t raw -X FAULTLINE";

// Only a list that was had can be without the chain: 3 where there is none.
const std::string look_for_chain =
    "rules=$(iptables -w -t raw -S) || exit 3; "
    "case \"$rules\" in *\"-N FAULTLINE\"*) exit 1;; esac; "
    "command -v systemd-run >/dev/null || echo " +
    std::string(no_timer);

// One of an earlier partition would end this one too early.
const std::string stop_timer = "systemctl stop faultline-heal.timer 2>/dev/null || true";

std::string start_timer(std::chrono::seconds limit) {
  return stop_timer +
         "; systemd-run --quiet --collect --unit=faultline-heal --timer-property=AccuracySec=1s"
         " --on-active=" +
         std::to_string(limit.count()) + " /bin/sh -c '" + remove_chain + "'; ";
}

InsideCommand shell(const std::string& script) { return {"sh", "-c", script}; }

std::string begin_drop(std::chrono::seconds limit) {
  return "set -e; " + (limit.count() > 0 ? start_timer(limit) : "") + make_chain;
}

std::string drop_rule(const std::string& from, const std::string& to) {
  return "iptables -w -t raw -A FAULTLINE -s " + from + " -d " + to + " -j DROP; ";
}

void add_once(std::vector<std::string>& list, const std::string& item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(item);
}

}  // namespace

InsideCommand drop_packets(const std::vector<std::string>& own,
                           const std::vector<std::string>& others, std::chrono::seconds limit) {
  std::string script = begin_drop(limit);
  for (const auto& here : own)
    for (const auto& there : others) script += drop_rule(here, there) + drop_rule(there, here);
  return shell(script);
}

InsideCommand drop_packets_to(const std::vector<std::string>& own,
                              const std::vector<std::string>& others, std::chrono::seconds limit) {
  std::string script = begin_drop(limit);
  for (const auto& here : own)
    for (const auto& there : others) script += drop_rule(here, there);
  return shell(script);
}

std::optional<Drop> read_drop(const InsideCommand& command) {
  static const std::regex timer(" --on-active=([0-9]{1,6}) ");
  static const std::regex rule("-s ([0-9./]+) -d ([0-9./]+) -j DROP");
  if (command.size() != 3) return {};
  const std::string& script = command[2];
  Drop drop;
  if (std::smatch match; std::regex_search(script, match, timer))
    drop.limit = std::chrono::seconds(std::stol(match[1]));
  for (std::sregex_iterator at(script.begin(), script.end(), rule), end; at != end; ++at) {
    add_once(drop.own, (*at)[1]);
    add_once(drop.others, (*at)[2]);
    if (++at == end) return {};  // each pair both ways
  }
  if (drop.own.empty() || command != drop_packets(drop.own, drop.others, drop.limit)) return {};
  return drop;
}

InsideCommand list_rules() {
  return {"iptables", "-w", "-t", "raw", "-v", "-x", "-n", "-L", "FAULTLINE"};
}

InsideCommand drops_nothing() { return shell(look_for_chain); }

InsideCommand drop_no_more() {
  return shell(remove_chain + "; status=$?; " + stop_timer + "; exit $status");
}

UndoStep undo_drop(const Place& place) {
  return {place.command(drops_nothing()), place.command(drop_no_more())};
}

}  // namespace faultline
