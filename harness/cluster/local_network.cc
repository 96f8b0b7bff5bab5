#include "harness/cluster/local_network.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <random>
#include <sstream>

#include "harness/cluster/cluster.h"
#include "harness/cluster/file_descriptor.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

using Words = std::vector<std::string>;

constexpr unsigned networks = 512;  // of 256 addresses in 198.18.0.0/15: for tests (RFC 2544)
constexpr std::size_t most_workers = 200;
constexpr unsigned first_worker = 11;  // 198.18.x.11, .12, ...

struct Subnet {
  std::string begin;    // "198.18.7."
  FileDescriptor held;  // against other runs, for the life of the value

  std::string address(std::size_t host) const { return begin + std::to_string(host); }
};

std::string begin_of(unsigned number) {
  return "198." + std::to_string(18 + number / 256) + "." + std::to_string(number % 256) + ".";
}

// By an abstract socket (unix(7)): its names belong to the network namespace, as routes do.
FileDescriptor hold(const std::string& begin) {
  FileDescriptor held(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto name = "faultline-network-" + begin;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = offsetof(sockaddr_un, sun_path) + 1 + name.size();
  if (!held || ::bind(held.get(), reinterpret_cast<const sockaddr*>(&address),
                      static_cast<socklen_t>(length)) != 0)
    return FileDescriptor();
  return held;
}

// Whether this machine reaches somebody there already, but for a default route; in any
// table, since a VPN has its own.
bool has_route(const std::string& network) {
  const auto routes = [&](const std::string& which) {
    return output_of({"ip", "-4", "route", "show", "table", "all", which, network});
  };
  if (!routes("root").empty()) return true;
  std::istringstream covering(routes("match"));
  for (std::string line; std::getline(covering, line);)
    if (line.find("default") == line.npos) return true;  // also "unreachable default"
  return false;
}

Subnet free_subnet() {
  std::random_device random;
  const auto first = random() % networks;
  for (unsigned i = 0; i < networks; ++i) {
    const auto begin = begin_of((first + i) % networks);
    auto held = hold(begin);
    if (held && !has_route(begin + "0/24")) return {begin, std::move(held)};
  }
  throw ClusterError(
      "no network for the workers: this machine has routes to all of 198.18.0.0/15, or so many "
      "runs are under way");
}

}  // namespace

struct LocalNetwork::Implementation {
  Implementation(const std::string& run_id, std::size_t count)
      : subnet(free_subnet()),
        middle("faultline-" + run_id),
        link("fl-" + run_id.substr(0, 8)),  // names of links have 15 characters at most
        own_address(subnet.address(1)) {
    if (count > most_workers) throw ClusterError("so many workers do not fit on one bridge");
    for (std::size_t i = 0; i < count; ++i) {
      const auto name = middle + "-n" + std::to_string(i + 1);
      workers.push_back({name,
                         subnet.address(first_worker + i),
                         {name, {"nsenter", "--net=/run/netns/" + name, "--"}}});
    }
  }

  // A namespace that is deleted takes the links in it along, but not at once.
  Undo removal() const {
    Undo undo{.what = "the workers' network " + middle + " removed"};
    undo.steps.push_back(
        {{"test", "!", "-e", "/sys/class/net/" + link}, {"ip", "link", "delete", link}});
    const auto remove = [&](const std::string& name) {
      undo.steps.push_back(
          {{"test", "!", "-e", "/run/netns/" + name}, {"ip", "netns", "delete", name}});
    };
    for (const auto& worker : workers) remove(worker.name);
    remove(middle);
    return undo;
  }

  static void ip(Words words) {
    words.insert(words.begin(), "ip");
    output_of(words);
  }

  static void ip_in(const std::string& name, Words words) {
    words.insert(words.begin(), {"-n", name});
    ip(std::move(words));
  }

  static std::string port(std::size_t i) { return "port" + std::to_string(i + 1); }

  void make() {
    ip({"netns", "add", middle});
    ip_in(middle, {"link", "add", link, "type", "bridge"});
    ip_in(middle, {"link", "set", link, "up"});
    ip({"link", "add", link, "type", "veth", "peer", "name", "port0", "netns", middle});
    ip_in(middle, {"link", "set", "port0", "master", link, "up"});
    ip({"addr", "add", own_address + "/24", "dev", link});
    ip({"link", "set", link, "up"});
    for (std::size_t i = 0; i < workers.size(); ++i) make(i);
  }

  void make(std::size_t i) {
    const auto& name = workers[i].name;
    ip({"netns", "add", name});
    ip_in(name, {"link", "set", "lo", "up"});
    ip_in(middle, {"link", "add", port(i), "type", "veth", "peer", "name", "eth0", "netns", name});
    ip_in(middle, {"link", "set", port(i), "master", link, "up"});
    ip_in(name, {"addr", "add", workers[i].address + "/24", "dev", "eth0"});
    ip_in(name, {"link", "set", "eth0", "up"});
  }

  Subnet subnet;
  std::string middle, link, own_address;
  std::vector<Worker> workers;
};

LocalNetwork::LocalNetwork(const std::string& run_id, std::size_t workers,
                           const UndoFirst& undo_first)
    : implementation_(std::make_unique<Implementation>(run_id, workers)) {
  undo_first(implementation_->removal());
  implementation_->make();
}

LocalNetwork::~LocalNetwork() = default;

const std::vector<LocalNetwork::Worker>& LocalNetwork::workers() const {
  return implementation_->workers;
}

const std::string& LocalNetwork::own_address() const { return implementation_->own_address; }

void LocalNetwork::cut(std::size_t worker) {
  implementation_->ip_in(implementation_->middle,
                         {"link", "set", Implementation::port(worker), "down"});
}

void LocalNetwork::join(std::size_t worker) {
  implementation_->ip_in(implementation_->middle,
                         {"link", "set", Implementation::port(worker), "up"});
}

bool LocalNetwork::joined(std::size_t worker) const {
  const auto state = output_of(
      {"ip", "-n", implementation_->middle, "-o", "link", "show", Implementation::port(worker)});
  return state.find("state UP") != std::string::npos;
}

}  // namespace faultline
