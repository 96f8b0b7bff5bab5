// Reads a history file as specified in docs/history-format.md.
#pragma once

#include <filesystem>
#include <stdexcept>

#include "checkers/history.h"

namespace faultline {

// The file is none of ours, or of a newer format, or its header cannot be read.
// what() is one line that says what to do.
struct HistoryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reads all complete blocks. A torn or damaged tail is told in `damage`, never
// guessed; operations without a completion come back as unknown.
// Complexity: linear in the file. Throws HistoryError.
History read_history(const std::filesystem::path&);

}  // namespace faultline
