#include "harness/cluster/capabilities.h"

#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/program.h"
#include "harness/cluster/traffic_control.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

// Named namespaces are mounts below /run, here one that ends with the script.
const std::string make_worker =
    "mount -t tmpfs none /run && ip netns add probe && "
    "ip -n probe link add fl-veth type veth peer name fl-peer && "
    "ip -n probe link add fl-bridge type bridge && "
    "ip -n probe link set fl-veth master fl-bridge && ip netns exec probe true";

std::string add_rule(const std::string& rule) { return "iptables -w -t raw -A OUTPUT " + rule; }

// Empty where the script ended well in namespaces of its own, else what was said.
std::string complaint(const std::string& script) try {
  const auto end = run_program({"unshare", "--net", "--mount", "sh", "-c", script});
  if (end.status == 0) return "";
  const auto said = telling_line(end.errors.empty() ? end.output : end.errors);
  return said.empty() ? "exit status " + std::to_string(end.status) : said;
} catch (const ClusterError& error) {
  return error.what();
}

// A new file system at /run/mounted, in a file below a /run that ends with the script, whatever
// ends the script.
std::string on_volume(const std::string& file_system, const std::string& script) {
  const std::string make = file_system == "xfs" ? "mkfs.xfs -q" : "mkfs.ext4 -q -F";
  return "set -e; mount -t tmpfs none /run; cd /run; truncate --size=320M image; " + make +
         " image; faultline-agent attach image /run/mounted; " + script;
}

// As it is done to a worker.
std::string on_link(const InsideCommand& command) {
  return "set -e; ip link add eth0 type veth peer name peer; " + shell_words(command);
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
  return tried("packet filter", "partition, clients-cut",
               "root, iptables, and the kernel's table raw", add_rule("-s 192.0.2.1 -j DROP"));
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

Capability htb_qdisc() {
  return tried("htb", "rate-limit", "root, iproute2, and the kernel modules sch_htb and cls_u32",
               on_link(limit_rate("1mbit", "8222")));
}

Capability netem_qdisc() {
  return tried("netem", "packet-delay",
               "root, iproute2, and the kernel modules sch_htb, cls_u32 and sch_netem",
               on_link(delay_by_netem(1ms, 1ms, "8222")));
}

std::vector<Capability> network_capabilities() {
  return {network_namespaces(), packet_filter(), random_packet_match(),
          packet_queue(),       htb_qdisc(),     netem_qdisc()};
}

Capability loop_volume(const std::string& file_system) {
  const std::string package = file_system == "xfs" ? "xfsprogs" : "e2fsprogs";
  return tried(file_system + " volume", "volumes of their own",
               "root, a loop device, and " + package,
               on_volume(file_system, "faultline-agent probe /run/mounted"));
}

Capability file_system_shutdown(const std::string& file_system) {
  return tried("shutdown ioctl", "volume-detach, power-loss",
               "root, and a kernel whose " + file_system + " has it",
               on_volume(file_system,
                         "faultline-agent shutdown /run/mounted 2; "
                         "if faultline-agent probe /run/mounted 2>/dev/null; then "
                         "echo 'a write succeeded after it' >&2; exit 1; fi"));
}

Capability file_system_freeze(const std::string& file_system) {
  return tried("freeze ioctl", "disk-frozen",
               "root, and a kernel whose " + file_system + " can be frozen",
               on_volume(file_system,
                         "faultline-agent freeze /run/mounted --limit 10 --owner $$; "
                         "faultline-agent hangs /run/mounted; faultline-agent thaw /run/mounted"));
}

std::vector<Capability> volume_capabilities() {
  return {loop_volume("ext4"), loop_volume("xfs"), file_system_shutdown("ext4"),
          file_system_freeze("ext4")};
}

}  // namespace faultline
