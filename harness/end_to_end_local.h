// Runs with workers and volumes on this machine, and what they may leave on it.
#pragma once

#include <set>
#include <string>

#include "harness/end_to_end.h"

namespace faultline::end_to_end {

// What this machine has of Faultline's kind, a line each: namespaces, links, mounts and their
// folders, loop devices, images and processes below `results`, journals.
std::set<std::string> traces(const Results& results);

// The traces of a results folder that were not there when this was made.
class Leftovers {
 public:
  explicit Leftovers(const Results& results) : results_(results), before_(traces(results)) {}

  std::string now() const;              // a line each; empty: none
  std::string after_some_time() const;  // the kernel takes links away some time later

 private:
  const Results& results_;
  const std::set<std::string> before_;
};

}  // namespace faultline::end_to_end
