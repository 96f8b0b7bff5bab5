// The table at the end of a suite: what the page promises beside what was seen.
#pragma once

#include <string>

#include "harness/runner.h"

namespace faultline {

// At most 80 columns wide, plain text. Ends with a newline.
std::string figure_table(const SuiteResult&);

}  // namespace faultline
