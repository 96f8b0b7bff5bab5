#include "harness/cluster/capabilities.h"

#include <map>

#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

// Named namespaces are mounts below /run, here one that ends with the script.
const std::string make_worker =
    "mount -t tmpfs none /run && ip netns add probe && "
    "ip -n probe link add fl-veth type veth peer name fl-peer && "
    "ip -n probe link add fl-bridge type bridge && "
    "ip -n probe link set fl-veth master fl-bridge && ip netns exec probe true";

std::string add_rule(const std::string& rule) { return "iptables -w -t raw -A OUTPUT " + rule; }

struct Qdisc {
  std::string purpose, modules, words;  // what makes it the root of lo
};

const std::map<std::string, Qdisc> qdiscs{
    {"htb", {"rate-limit", "module sch_htb", "htb default 1"}},
    {"netem",
     {"packet-delay", "modules sch_htb and sch_netem",
      "handle 1: htb && tc class add dev lo parent 1: classid 1:1 htb rate 10gbit && "
      "tc qdisc add dev lo parent 1:1 netem delay 1ms"}},
};

// Empty where the script ended well in namespaces of its own, else what was said.
std::string complaint(const std::string& script) try {
  const auto end = run_program({"unshare", "--net", "--mount", "sh", "-c", script});
  if (end.status == 0) return "";
  const auto said = telling_line(end.errors.empty() ? end.output : end.errors);
  return said.empty() ? "exit status " + std::to_string(end.status) : said;
} catch (const ClusterError& error) {
  return error.what();
}

// $d is a folder of its own, in it a new file system in a file, mounted while the script runs.
std::string on_volume(const std::string& file_system, const std::string& script) {
  const std::string make = file_system == "xfs" ? "mkfs.xfs -q" : "mkfs.ext4 -q -F";
  return "set -e; d=$(mktemp -d); "
         "trap 'faultline-agent detach \"$d/image\" && rm -rf \"$d\"' EXIT; "
         "truncate --size=320M \"$d/image\"; " +
         make + " \"$d/image\"; faultline-agent attach \"$d/image\" \"$d/mounted\"; " + script;
}

Capability tried(std::string what, std::string purpose, std::string remedy,
                 const std::string& script) {
  auto why = complaint(script);
  const bool works = why.empty();
  return {std::move(what), works, std::move(why), std::move(purpose), works ? "" : remedy};
}

}  // namespace

Capability network_namespaces() {
  return tried("network namespaces", "workers of their own",
               "root, iproute2, and the kernel modules veth and bridge", make_worker);
}

Capability packet_filter() {
  return tried("packet filter", "partition, clients-cut", "root, iptables, and the kernel's table raw",
               add_rule("-s 192.0.2.1 -j DROP"));
}

Capability random_packet_match() {
  return tried("random match", "packet-loss", "root, iptables, and the kernel module xt_statistic",
               add_rule("-m statistic --mode random --probability 0.5 -j DROP"));
}

Capability packet_queue() {
  return tried("packet queue", "packet-delay, where there is no netem",
               "root, iptables, and the kernel modules xt_NFQUEUE and nfnetlink_queue",
               "iptables -w -t mangle -A PREROUTING -j NFQUEUE --queue-num 1 --queue-bypass && "
               "faultline-delay --queue 1 --probe");
}

Capability qdisc(const std::string& kind) {
  const auto& one = qdiscs.at(kind);
  return tried(kind, one.purpose, "root, iproute2, and the kernel " + one.modules,
               "tc qdisc add dev lo root " + one.words);
}

std::vector<Capability> network_capabilities() {
  return {network_namespaces(), packet_filter(), random_packet_match(), packet_queue(),
          qdisc("htb"),         qdisc("netem")};
}

Capability loop_volume(const std::string& file_system) {
  const std::string package = file_system == "xfs" ? "xfsprogs" : "e2fsprogs";
  return tried(file_system + " volume", "volumes of their own",
               "root, a loop device, and " + package,
               on_volume(file_system, "faultline-agent probe \"$d/mounted\""));
}

Capability file_system_shutdown() {
  return tried("shutdown ioctl", "volume-detach, power-loss",
               "root, and a kernel whose ext4 has it",
               on_volume("ext4",
                         "faultline-agent shutdown \"$d/mounted\" 2; "
                         "if faultline-agent probe \"$d/mounted\" 2>/dev/null; then "
                         "echo 'a write succeeded after it' >&2; exit 1; fi"));
}

Capability file_system_freeze() {
  return tried("freeze ioctl", "disk-frozen", "root, and a kernel whose ext4 can be frozen",
               on_volume("ext4",
                         "faultline-agent freeze \"$d/mounted\" --limit 5; "
                         "faultline-agent thaw \"$d/mounted\""));
}

std::vector<Capability> volume_capabilities() {
  return {loop_volume("ext4"), loop_volume("xfs"), file_system_shutdown(), file_system_freeze()};
}

}  // namespace faultline
