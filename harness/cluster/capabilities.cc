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

const std::map<std::string, std::string> qdiscs{
    {"tbf", "tbf rate 1mbit burst 16kb latency 100ms"},
    {"htb", "htb default 1"},
    {"netem", "netem delay 1ms"},
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
  return tried("packet filter", "partitions", "root, iptables, and the kernel's table raw",
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
  return tried(kind, kind == "netem" ? "packet-delay" : "rate-limit",
               "root, iproute2, and the kernel module sch_" + kind,
               "tc qdisc add dev lo root " + qdiscs.at(kind));
}

std::vector<Capability> network_capabilities() {
  return {network_namespaces(), packet_filter(), random_packet_match(), packet_queue(),
          qdisc("htb"),         qdisc("tbf"),    qdisc("netem")};
}

}  // namespace faultline
