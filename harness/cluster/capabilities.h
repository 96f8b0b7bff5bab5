// What this machine can do for workers, volumes and their faults, found out by doing it in
// throwaway namespaces: nothing of it stays, however the program ends, and nothing follows from
// a version. Each takes some tenths of a second, the freeze two seconds more; none throws.
#pragma once

#include <string>
#include <vector>

namespace faultline {

struct Capability {
  std::string what;
  bool works = false;
  std::string found;    // where it does not work: why, in the tool's or the kernel's own words
  std::string purpose;  // what needs it
  std::string remedy;   // where it does not work: what to do
};

Capability network_namespaces();   // with a veth and a bridge in one of them
Capability packet_filter();        // iptables, table raw
Capability random_packet_match();  // iptables, xt_statistic
Capability packet_queue();         // NFQUEUE, and a program that reads it
Capability htb_qdisc();
Capability netem_qdisc();  // in a class of htb

std::vector<Capability> network_capabilities();  // all of these

Capability loop_volume(const std::string& file_system);  // ext4 or xfs, in a file
Capability file_system_shutdown(const std::string&);  // EXT4_IOC_SHUTDOWN, then no write succeeds
Capability file_system_freeze(const std::string&);    // FIFREEZE, then a write hangs, and FITHAW

// All of these: volumes of both, and the ioctls on ext4, which is the default.
std::vector<Capability> volume_capabilities();

}  // namespace faultline
