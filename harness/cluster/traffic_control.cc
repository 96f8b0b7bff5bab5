#include "harness/cluster/traffic_control.h"

#include <sstream>

namespace faultline {
namespace {

// Handles tell ours from others.
const std::string limit_handle = "fa01:", netem_handle = "fa02:";
const std::string inner_handle = "fa03:";  // netem itself, gone with the one above
const std::string no_limit = "10gbit";

// The kernel makes packets of 64 kB, which must fit into one turn.
const std::string quantum = " quantum 70000";

InsideCommand shell(const std::string& script) { return {"sh", "-c", script}; }

// Gone with eth0 as well; only a list that was had can be without it.
InsideCommand qdisc_is_gone(const std::string& handle) {
  return shell(
      "links=$(ip -oneline link) || exit 3; case \"$links\" in *': eth0'*) ;; *) exit 0;; esac; "
      "list=$(tc qdisc show dev eth0) || exit 3; case \"$list\" in *' " +
      handle + " root'*) exit 1;; esac");
}

// Class 1 is for all but what comes from this TCP port, which is class 2, and as fast as can be.
std::string two_classes(const std::string& handle, const std::string& rate,
                        const std::string& free_port) {
  const auto add_class = [&](const std::string& id, const std::string& limit) {
    return "tc class add dev eth0 parent " + handle + " classid " + handle + id + " htb rate " +
           limit + quantum + "; ";
  };
  return "set -e; tc qdisc add dev eth0 root handle " + handle + " htb default 1; " +
         add_class("1", rate) + add_class("2", no_limit) + "tc filter add dev eth0 parent " +
         handle + " protocol ip u32 match ip protocol 6 0xff match ip sport " + free_port +
         " 0xffff flowid " + handle + "2";
}

UndoStep undo_qdisc(const std::string& handle, const Place& place) {
  return {place.command(qdisc_is_gone(handle)),
          place.command({"tc", "qdisc", "del", "dev", "eth0", "root", "handle", handle})};
}

}  // namespace

InsideCommand limit_rate(const std::string& rate, const std::string& free_port) {
  return shell(two_classes(limit_handle, rate, free_port));
}

// Its own queue sorts by time, so that a packet would overtake others; a FIFO does not.
InsideCommand delay_by_netem(std::chrono::milliseconds delay, std::chrono::milliseconds jitter,
                             const std::string& free_port) {
  const auto text = [](std::chrono::milliseconds time) {
    return std::to_string(time.count()) + "ms";
  };
  return shell(two_classes(netem_handle, no_limit, free_port) + "; tc qdisc add dev eth0 parent " +
               netem_handle + "1 handle " + inner_handle + " netem limit 20000 delay " +
               text(delay) + " " + text(jitter) + "; tc qdisc add dev eth0 parent " + inner_handle +
               "1 pfifo limit 20000");
}

InsideCommand list_qdiscs() { return {"tc", "-s", "qdisc", "show", "dev", "eth0"}; }

// qdisc htb fa01: root refcnt 2 ...
//  Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)
std::optional<std::uint64_t> times_over_limit(const std::string& listing) {
  const std::string label = "overlimits ";
  const auto qdisc = listing.find(" " + limit_handle + " root");
  const auto found = qdisc == std::string::npos ? qdisc : listing.find(label, qdisc);
  if (found == std::string::npos) return {};
  std::uint64_t times = 0;
  std::istringstream(listing.substr(found + label.size())) >> times;
  return times;
}

UndoStep undo_limit(const Place& place) { return undo_qdisc(limit_handle, place); }

UndoStep undo_netem(const Place& place) { return undo_qdisc(netem_handle, place); }

}  // namespace faultline
