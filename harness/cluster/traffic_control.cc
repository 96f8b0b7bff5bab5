#include "harness/cluster/traffic_control.h"

#include <algorithm>
#include <sstream>

namespace faultline {
namespace {

// Handles tell ours from others.
const std::string limit_handle = "fa01:", netem_handle = "fa02:";
const std::string inner_handle = "fa03:";  // netem itself, gone with the one above

// The kernel makes packets of 64 kB, which must fit into one turn.
const std::string no_limit = "10gbit quantum 70000";

InsideCommand shell(const std::string& script) { return {"sh", "-c", script}; }

// Gone with eth0 as well; only a list that was had can be without it.
InsideCommand qdisc_is_gone(const std::string& handle) {
  return shell(
      "links=$(ip -oneline link) || exit 3; case \"$links\" in *': eth0'*) ;; *) exit 0;; esac; "
      "list=$(tc qdisc show dev eth0) || exit 3; case \"$list\" in *' " +
      handle + " root'*) exit 1;; esac");
}

// Class 1 is for all but what comes from this TCP port, which is class 2, and as fast as can be.
std::string two_classes(const std::string& handle, const std::string& limit,
                        const std::string& free_port) {
  const auto add_class = [&](const std::string& id, const std::string& rate) {
    return "tc class add dev eth0 parent " + handle + " classid " + handle + id + " htb rate " +
           rate + "; ";
  };
  return "set -e; tc qdisc add dev eth0 root handle " + handle + " htb default 1; " +
         add_class("1", limit) + add_class("2", no_limit) + "tc filter add dev eth0 parent " +
         handle + " protocol ip u32 match ip protocol 6 0xff match ip sport " + free_port +
         " 0xffff flowid " + handle + "2";
}

// Bytes that may leave at once: what the rate allows in 40 ms, or two packets of the wire.
std::string burst(const std::string& rate) {
  const std::uint64_t kbits = std::stoull(rate) * (rate.ends_with("mbit") ? 1000 : 1);
  return std::to_string(std::max<std::uint64_t>(3028, kbits * 1000 / 8 * 40 / 1000));
}

UndoStep undo_qdisc(const std::string& handle, const Place& place) {
  return {place.command(qdisc_is_gone(handle)),
          place.command({"tc", "qdisc", "del", "dev", "eth0", "root", "handle", handle})};
}

}  // namespace

InsideCommand limit_rate(const std::string& rate, const std::string& free_port) {
  const auto bytes = burst(rate);
  const auto limit = rate + " burst " + bytes + " cburst " + bytes + " quantum 70000";
  return shell(two_classes(limit_handle, limit, free_port));
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

InsideCommand list_classes() { return {"tc", "-s", "class", "show", "dev", "eth0"}; }

// class htb fa01:1 root prio 0 rate 1Mbit ...
//  Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)
//  backlog 66b 1p requeues 0
// Its overlimits prove nothing: each packet that is larger than the burst is in them.
std::optional<std::uint64_t> packets_waiting(const std::string& listing) {
  const std::string label = "backlog ";
  const auto limited = listing.find("class htb " + limit_handle + "1 ");
  const auto found = limited == std::string::npos ? limited : listing.find(label, limited);
  if (found == std::string::npos) return {};
  std::string bytes;
  std::uint64_t packets = 0;
  std::istringstream(listing.substr(found + label.size())) >> bytes >> packets;
  return packets;
}

UndoStep undo_limit(const Place& place) { return undo_qdisc(limit_handle, place); }

UndoStep undo_netem(const Place& place) { return undo_qdisc(netem_handle, place); }

}  // namespace faultline
