// The real program on a real kind cluster: what the tests of it share.
#pragma once

#include <string>
#include <vector>

#include "harness/end_to_end.h"

namespace faultline::end_to_end {

// A cluster that is there, by the name under which `faultline up` made it.
class KindTestCluster {
 public:
  explicit KindTestCluster(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  // To run a scenario on it.
  std::vector<std::string> run(const Results&, const std::string& below_scenarios) const;

  std::string in_node(const std::string& node, const std::string& script) const;
  std::string kubectl(const std::string& arguments) const;  // in its control plane

  // What runs and their faults leave, in Kubernetes and in the nodes; empty for a
  // clean cluster.
  std::string leftovers() const;
  bool becomes_clean() const;  // within ten seconds

 private:
  std::string name_;
};

}  // namespace faultline::end_to_end
