// What faults share that are a chain of packet filter rules in each worker hit.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "faults/per_server_fault.h"
#include "harness/cluster/packet_chain.h"
#include "harness/cluster/place.h"

namespace faultline {

class ChainFault : public PerServerFault {
 protected:
  ChainFault(std::string name, FaultContext, PacketChain);

  virtual std::vector<std::string> rules(const std::string& server) const = 0;

  void strike(const std::string& server) override;
  void undo(const std::string& server) override;

  // Whether its rules dropped more packets than at the last look; waits for that.
  Evidence dropped_more(const std::string& server, std::chrono::seconds limit);

 private:
  struct Struck {
    Place place;
    std::uint64_t dropped = 0;
  };

  std::optional<Struck> struck(const std::string& server);

  const PacketChain chain_;
  std::mutex mutex_;
  std::map<std::string, Struck> struck_;
};

}  // namespace faultline
