// A run as its history alone tells it.
#pragma once

#include <filesystem>

#include "checkers/history.h"
#include "harness/runner.h"

namespace faultline {

// Judged anew; how long the run took is not known. `file` is the history's.
RunResult run_of(const History&, const std::filesystem::path& file);

}  // namespace faultline
