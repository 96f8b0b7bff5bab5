// Reads a history file as specified in docs/history-format.md.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "checkers/history.h"

namespace faultline {

// The file is none of ours, or of a newer format, or its header cannot be read.
// what() is one line that says what to do.
struct HistoryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reads all complete blocks up to the end or the first damage. A torn or
// damaged tail is told in `damage`, never guessed; operations without a
// completion come back as unknown. What lies behind a damaged block is not
// read, since a history with a hole would accuse the broker of what the hole
// hides; a beginning of a history is a history.
// Complexity: linear in the file. Throws HistoryError.
History read_history(const std::filesystem::path&);

// The same from the bytes of a file.
History decode_history(std::string_view bytes);

// A history that is still being written, from the bytes of its file as they come, in
// pieces of any size. After each piece it is what decode_history says of all bytes so far.
// Complexity: linear in all of them; holds the history, and at most one incomplete block.
class GrowingHistory {
 public:
  GrowingHistory();
  ~GrowingHistory();
  GrowingHistory(GrowingHistory&&) noexcept;
  GrowingHistory& operator=(GrowingHistory&&) noexcept;

  // Throws HistoryError as soon as no bytes to come can make a history of them.
  void append(std::string_view bytes);

  bool has_header() const;  // else there is no history yet
  bool is_over() const;     // closed, or broken: bytes to come are counted, and not read
  const History& history() const;

 private:
  friend History decode_history(std::string_view bytes);
  class Decoder;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace faultline
