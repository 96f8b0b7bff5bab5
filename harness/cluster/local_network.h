// Workers on one machine: network namespaces on a bridge.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "harness/cluster/place.h"
#include "harness/cluster/undo.h"

namespace faultline {

// All of it is named after the run, and is a namespace of its own each: one per worker, with
// one end of a veth pair in it, and one with the bridge, so that no packet of theirs
// passes this machine's own rules (Docker's, where br_netfilter is loaded, would drop them). This
// machine has one address on the bridge too: clients connect from here.
//
// Needs root, ip(8) and nsenter(1). Removed by its undo record, not by the destructor.
class LocalNetwork {
 public:
  struct Worker {
    std::string name;  // of the namespace: faultline-<run>-n1
    std::string address;
    Place inside;
  };

  // Throws ClusterError. Complexity: about ten calls of ip(8) per worker.
  LocalNetwork(const std::string& run_id, std::size_t workers, const UndoFirst&);
  ~LocalNetwork();
  LocalNetwork(const LocalNetwork&) = delete;
  LocalNetwork& operator=(const LocalNetwork&) = delete;

  const std::vector<Worker>& workers() const;
  const std::string& own_address() const;  // of this machine, on the bridge

  // A worker's cable, by its index. No effect on one that is so already. All throw ClusterError,
  // also where the network is not there any more.
  void cut(std::size_t worker);
  void join(std::size_t worker);
  bool joined(std::size_t worker) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
