#include "faults/network_testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <regex>
#include <system_error>

#include "harness/cluster/agent/mount_namespace_testing.h"
#include "harness/cluster/capabilities.h"
#include "harness/cluster/program.h"
#include "harness/cluster/requirement_testing.h"

namespace faultline::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::string network = "198.18.250.", own_address = network + "1";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Its namespaces, also those that are named below /run, are gone when it is.
void leave_the_machine() {
  static const bool once = [] {
    enter_own_mount_namespace();
    if (::unshare(CLONE_NEWNET) != 0) fail("unshare");
    if (::mount("none", "/run", "tmpfs", 0, nullptr) != 0) fail("mount /run");
    const char* path = std::getenv("PATH");
    ::setenv("PATH", (FAULTLINE_PROGRAMS ":" + std::string(path ? path : "")).c_str(), 1);
    output_of({"ip", "link", "set", "lo", "up"});
    return true;
  }();
  (void)once;
}

void ip(const std::string& words) { output_of({"sh", "-ec", "ip " + words}); }

std::string name_of(int number) { return "n" + std::to_string(number); }

sockaddr_in endpoint(const std::string& address, std::uint16_t port) {
  sockaddr_in end{};
  end.sin_family = AF_INET;
  end.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &end.sin_addr);
  return end;
}

FileDescriptor open_socket(int type) {
  FileDescriptor opened(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!opened) fail("socket");
  return opened;
}

void bind_to(const FileDescriptor& socket, std::uint16_t port) {
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto end = endpoint("0.0.0.0", port);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&end), sizeof end) != 0) fail("bind");
}

void begin_to_connect(const FileDescriptor& socket, const std::string& address,
                      std::uint16_t port) {
  const auto end = endpoint(address, port);
  ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&end), sizeof end);
}

bool ready(const FileDescriptor& socket, short what, std::chrono::milliseconds limit) {
  pollfd wanted{socket.get(), what, 0};
  return ::poll(&wanted, 1, static_cast<int>(limit.count())) > 0;
}

// What is read within the limit, up to so many bytes.
std::string read_from(const FileDescriptor& socket, std::size_t most,
                      std::chrono::milliseconds limit) {
  std::string text;
  char buffer[4096];
  while (text.size() < most && ready(socket, POLLIN, limit)) {
    const auto size = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

FileDescriptor open_receiver(const std::string& network_name) {
  FileDescriptor receiver;
  within(network_name, [&] {
    receiver = open_socket(SOCK_DGRAM);
    bind_to(receiver, cluster_port);
  });
  return receiver;
}

void send_datagram(const FileDescriptor& socket, const std::string& text,
                   const std::string& address) {
  const auto end = endpoint(address, cluster_port);
  ::sendto(socket.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&end),
           sizeof end);
}

// Until none comes for so long.
void read_datagrams(const FileDescriptor& socket, std::chrono::milliseconds limit,
                    std::vector<std::string>& to) {
  char buffer[16];
  while (ready(socket, POLLIN, limit)) {
    const auto size = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (size <= 0) return;
    to.emplace_back(buffer, static_cast<std::size_t>(size));
  }
}

void send_all(const FileDescriptor& socket, std::string_view text) {
  while (!text.empty() && ready(socket, POLLOUT, 5s)) {
    const auto sent = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

void within(const std::string& network_name, const std::function<void()>& act) {
  std::exception_ptr problem;
  std::thread([&] {
    try {
      if (!network_name.empty()) {
        const FileDescriptor entry(
            ::open(("/run/netns/" + network_name).c_str(), O_RDONLY | O_CLOEXEC));
        if (::setns(entry.get(), CLONE_NEWNET) != 0) fail("setns " + network_name);
      }
      act();
    } catch (...) {
      problem = std::current_exception();
    }
  }).join();
  if (problem) std::rethrow_exception(problem);
}

Greeter::Greeter(const std::string& network_name, std::uint16_t port) {
  within(network_name, [&] {
    socket_ = open_socket(SOCK_STREAM);
    bind_to(socket_, port);
    if (::listen(socket_.get(), 16) != 0) fail("listen");
  });
  thread_ = std::thread([this] { serve(); });
}

Greeter::~Greeter() {
  over_ = true;
  thread_.join();
}

void Greeter::serve() {
  while (!over_) {
    if (!ready(socket_, POLLIN, 50ms)) continue;
    const FileDescriptor client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    send_all(client, "INFO\n");
    const auto asked = read_from(client, 1, 100ms);
    if (!asked.empty()) send_all(client, std::string(std::stoul(asked), 'x'));
  }
}

NetworkWorker::NetworkWorker(int number)
    : IdleWorker({name_of(number), {"nsenter", "--net=/run/netns/" + name_of(number)}},
                 {network + std::to_string(10 + number)}) {
  const auto& server = name();
  const auto link = "fl-" + server;
  ip("netns add " + server);
  ip("link add " + link + " type veth peer name eth0 netns " + server);
  ip("link set " + link + " master fl-bridge up");
  ip("-n " + server + " addr add " + address() + "/24 dev eth0");
  ip("-n " + server + " link set eth0 up");
  ip("-n " + server + " link set lo up");
}

std::string NetworkWorker::here(const std::vector<std::string>& command) const {
  return output_of(inside().command(command));
}

NetworkCluster::NetworkCluster(int size) {
  ip("link add fl-bridge type bridge");
  ip("addr add " + own_address + "/24 dev fl-bridge");
  ip("link set fl-bridge up");
  for (int i = 1; i <= size; ++i) {
    workers_.push_back(std::make_unique<NetworkWorker>(i));
    const auto& address = workers_.back()->address();
    servers_.push_back({name_of(i), "nats://" + address + ":" + std::to_string(client_port),
                        "http://" + address + ":" + std::to_string(monitor_port)});
  }
}

NetworkCluster::~NetworkCluster() {
  for (const auto& one : workers_) {
    run_program({"ip", "link", "del", "fl-" + one->name()});  // the namespace goes some time later
    run_program({"ip", "netns", "del", one->name()});
  }
  run_program({"ip", "link", "del", "fl-bridge"});
}

NetworkWorker* NetworkCluster::worker_of(const std::string& server) {
  for (const auto& one : workers_)
    if (one->name() == server) return one.get();
  return nullptr;
}

void NetworkTest::SetUp() {
  static const auto namespaces = network_namespaces();
  FAULTLINE_NEEDS("root", namespaces.works);
  leave_the_machine();
}

void NetworkTest::make(int size) {
  cluster = std::make_unique<NetworkCluster>(size);
  broker = std::make_unique<NatsBroker>(*cluster, NatsVersion{});
  journal = std::make_unique<Journal>(folder.path() / "state", "run");
  for (const auto& server : cluster->servers())
    for (const auto port : {client_port, cluster_port, monitor_port})
      greeters.push_back(std::make_unique<Greeter>(server.name, port));
}

bool NetworkTest::greeted(const std::string& server, std::uint16_t port, const std::string& from) {
  bool seen = false;
  within(from, [&] {
    const auto socket = open_socket(SOCK_STREAM);
    begin_to_connect(socket, worker(server).address(), port);
    seen = ready(socket, POLLOUT, 1s) && read_from(socket, 1, 1s) != "";
  });
  return seen;
}

int NetworkTest::arriving(const std::string& from, const std::string& to, int datagrams,
                          std::chrono::milliseconds patience) {
  const auto receiver = open_receiver(to);
  std::vector<std::string> arrived;
  within(from, [&] {
    const auto socket = open_socket(SOCK_DGRAM);
    for (int i = 0; i < datagrams; ++i) {
      send_datagram(socket, "x", worker(to).address());
      read_datagrams(receiver, 0ms, arrived);
    }
  });
  read_datagrams(receiver, patience, arrived);
  return static_cast<int>(arrived.size());
}

std::set<Link> NetworkTest::heard() {
  std::map<std::string, FileDescriptor> receivers;
  for (const auto& to : cluster->servers()) receivers[to.name] = open_receiver(to.name);
  for (const auto& from : cluster->servers())
    within(from.name, [&] {
      const auto socket = open_socket(SOCK_DGRAM);
      for (const auto& to : cluster->servers())
        if (from.name != to.name) send_datagram(socket, from.name, worker(to.name).address());
    });
  std::set<Link> links;
  for (const auto& [to, receiver] : receivers) {
    std::vector<std::string> senders;
    read_datagrams(receiver, 300ms, senders);
    for (const auto& from : senders) links.emplace(from, to);
  }
  return links;
}

std::chrono::milliseconds NetworkTest::time_to_send(const std::string& server, std::uint16_t port,
                                                    int bytes) {
  const auto socket = open_socket(SOCK_STREAM);
  begin_to_connect(socket, worker(server).address(), port);
  if (!ready(socket, POLLOUT, 5s)) return 0ms;
  const auto begin = Clock::now();
  send_all(socket, std::to_string(bytes) + "\n");
  const auto text = read_from(socket, static_cast<std::size_t>(bytes), 10s);
  EXPECT_GE(text.size(), static_cast<std::size_t>(bytes));
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
}

std::string NetworkTest::rules_in(const std::string& server) {
  std::string all;
  for (const char* table : {"raw", "mangle"})
    all += worker(server).here({"iptables", "-t", table, "-S"});
  // How many packets HTB has let by is no rule of its: the kernel sends some by itself.
  static const std::regex counter(" direct_packets_stat [0-9]+");
  return all + std::regex_replace(worker(server).here({"tc", "qdisc", "show", "dev", "eth0"}),
                                  counter, "");
}

}  // namespace faultline::testing
