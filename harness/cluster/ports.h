#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/cluster/file_descriptor.h"

namespace faultline {

// A TCP port on loopback that was free and lies outside the range from which
// the kernel takes ports for outgoing connections: a broker that is held down
// finds it free again, and no client ever connects to itself on it. Held
// against other runs, for the life of the value, by a UDP socket of the same
// number; a foreign program may still take it before it is used.
class ReservedPort {
 public:
  // Throws ClusterError if none is free.
  static ReservedPort any();

  std::uint16_t number() const { return number_; }

 private:
  ReservedPort(std::uint16_t number, FileDescriptor held)
      : number_(number), held_(std::move(held)) {}

  std::uint16_t number_;
  FileDescriptor held_;
};

std::vector<ReservedPort> reserve_ports(std::size_t count);

}  // namespace faultline
