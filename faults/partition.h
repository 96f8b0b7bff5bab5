#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "faults/partition_shape.h"
#include "faults/per_server_fault.h"
#include "harness/cluster/place.h"

namespace faultline {

// partition: packets between some workers and others, as its shape says, are dropped by
// rules in the workers of those that it hits (harness/cluster/packet_rules.h). Clients
// reach all.
class Partition : public PerServerFault {
 public:
  Partition(FaultContext context, const FaultOptions& options)
      : PerServerFault("partition", context), shape_(options.shape) {}

  std::vector<std::string> aim(std::span<const std::string> targets) override;

 protected:
  void strike(const std::string& server) override;
  Evidence look(const std::string& server) override;  // more packets were dropped since the last
  void undo(const std::string& server) override;

 private:
  using Addresses = std::map<std::string, std::vector<std::string>>;  // by server

  // A server may move, but its rules stay where they were made.
  struct Struck {
    Place place;
    Addresses addresses;  // that the rules are made for, its own too
    std::uint64_t dropped = 0;
  };

  std::vector<std::string> cut_from(const std::string& server) const;  // those on its other side
  Struck struck(const std::string& server);
  std::string why_lapsed(const std::string& server, const Struck&) const;

  const PartitionShape shape_;
  std::set<Link> cut_;

  std::mutex mutex_;
  std::map<std::string, Struck> struck_;
};

}  // namespace faultline
