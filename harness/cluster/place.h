// Where a command runs: this machine, or the inside of a worker.
#pragma once

#include <string>
#include <vector>

#include "harness/cluster/program.h"

namespace faultline {

// A place is entered by a command of this machine that takes another one:
// {"docker", "exec", "fl-worker"}; none for this machine itself. So what is
// done in a place can be written into the undo journal, and done again by
// somebody who only has the journal.
struct Place {
  std::string name;
  std::vector<std::string> enter;

  std::vector<std::string> command(const std::vector<std::string>& inside) const {
    auto whole = enter;
    whole.insert(whole.end(), inside.begin(), inside.end());
    return whole;
  }
};

}  // namespace faultline
