// What this machine can do for workers, volumes and their faults, found out by doing it in
// throwaway namespaces and files: nothing of it stays, and nothing follows from a version.
// Each takes some tenths of a second; none throws.
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

Capability network_namespaces();       // with a veth and a bridge in one of them
Capability packet_filter();            // iptables, table raw
Capability random_packet_match();      // iptables, xt_statistic
Capability packet_queue();             // NFQUEUE, and a program that reads it
Capability qdisc(const std::string&);  // htb, or netem in a class of htb

std::vector<Capability> network_capabilities();  // all of these

Capability loop_volume(const std::string& file_system);  // ext4 or xfs, in a file
Capability file_system_shutdown();  // EXT4_IOC_SHUTDOWN, then no write succeeds
Capability file_system_freeze();    // FIFREEZE and FITHAW

std::vector<Capability> volume_capabilities();  // all of these

}  // namespace faultline
