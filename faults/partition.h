#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "faults/per_server_fault.h"
#include "harness/cluster/place.h"

namespace faultline {

// partition: the targets' workers on one side, the others' on the other; packets
// between the sides are dropped, both ways, by rules in the targets' workers
// (harness/cluster/packet_rules.h). Clients reach both.
class Partition : public PerServerFault {
 public:
  explicit Partition(FaultContext context) : PerServerFault("partition", context) {}

 protected:
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // more packets were dropped since the last
  void undo(const std::string& server) override;

 private:
  using Addresses = std::map<std::string, std::vector<std::string>>;  // by server

  // A server may move, but its rules stay where they were made.
  struct Struck {
    Place place;
    Addresses addresses;  // that the rules are made for, of both sides
    std::uint64_t dropped = 0;
  };

  std::vector<std::string> others() const;  // servers
  Struck struck(const std::string& server);
  std::string why_lapsed(const std::string& server, const Struck&) const;

  std::mutex mutex_;
  std::map<std::string, Struck> struck_;
};

}  // namespace faultline
