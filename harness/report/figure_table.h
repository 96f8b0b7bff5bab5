// The table at the end of a suite: what the page promises beside what was seen.
#pragma once

#include <string>

#include "harness/runner.h"

namespace faultline {

// A row per scenario; of one that was repeated the worst of each column, and how many runs came
// to its verdict. Of several versions of a broker first a table of all, then one of each. At most
// 80 columns wide, plain text. Ends with a newline.
std::string figure_table(const SuiteResult&);

}  // namespace faultline
