#include "harness/cluster/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <random>

#include "harness/cluster/cluster.h"

namespace faultline {
namespace {

struct Range {
  int low, high;  // inclusive
};

// Below what outgoing connections use, else above it, else anywhere.
Range range_to_choose_from() {
  constexpr Range all{10'000, 65'535};
  constexpr int enough = 2'000;
  int low = 32'768, high = 60'999;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> low >> high;
  if (low - all.low >= enough) return {all.low, low - 1};
  if (all.high - high >= enough) return {high + 1, all.high};
  return all;
}

FileDescriptor bound_socket(int type, std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (!socket ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return FileDescriptor();
  return socket;
}

}  // namespace

ReservedPort ReservedPort::any() {
  const auto range = range_to_choose_from();
  std::random_device random;
  std::uniform_int_distribution<int> choose(range.low, range.high);
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(choose(random));
    auto held = bound_socket(SOCK_DGRAM, port);
    if (held && bound_socket(SOCK_STREAM, port)) return {port, std::move(held)};
  }
  throw ClusterError("no free port on 127.0.0.1 between " + std::to_string(range.low) + " and " +
                     std::to_string(range.high));
}

std::vector<ReservedPort> reserve_ports(std::size_t count) {
  std::vector<ReservedPort> ports;
  while (ports.size() < count) ports.push_back(ReservedPort::any());
  return ports;
}

}  // namespace faultline
