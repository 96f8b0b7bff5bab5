// What a scenario must be beyond the form of each key: that it makes sense, and
// that each phase is long enough to judge what the scenario expects of it.
#pragma once

#include <string>
#include <vector>

#include "harness/scenario.h"

namespace faultline {

struct BrokenRule {
  std::vector<std::string>
      paths;  // the keys it is about, "spec.timeline.hold"; the first is to be changed
  std::string message;
};

std::vector<BrokenRule> broken_rules(const Scenario&);

}  // namespace faultline
