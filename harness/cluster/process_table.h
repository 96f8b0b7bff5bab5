// What the kernel says of processes (Linux: /proc, pidfd).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/cluster/file_descriptor.h"

namespace faultline {

// When the process started, in clock ticks since boot (proc(5), field 22 of
// stat): with the pid it names one process until the next boot. Empty if there
// is none, or only its unreaped remains.
std::optional<std::uint64_t> process_start_time(int pid);

// "R" running, "S" asleep, "T" stopped by a signal, ... (proc(5), field 3 of stat).
// Empty if there is none.
std::optional<char> process_state(int pid);

// Those that it started, or that became its own; not theirs.
std::vector<int> children_of(int pid);

// Refers to the process itself, never to a later one with the same pid; is
// readable when it has ended (pidfd_open(2)). Owns nothing if there is none.
FileDescriptor open_process(int pid);

// Whether the process itself listens on the port, IPv4, any address.
bool listens(int pid, std::uint16_t port);

}  // namespace faultline
