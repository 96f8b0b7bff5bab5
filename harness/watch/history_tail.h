// The history of a run under way, read from its file as it grows.
#pragma once

#include <cstdint>
#include <filesystem>

#include "checkers/history_file.h"
#include "harness/cluster/file_descriptor.h"

namespace faultline {

class HistoryTail {
 public:
  explicit HistoryTail(std::filesystem::path file) : file_(std::move(file)) {}

  // Reads what was appended since; a file that is not there yet is empty. Throws HistoryError:
  // it is no history, one of a newer format, or no longer the file that was read before.
  void read();

  bool has_begun() const { return history_.has_header(); }
  const History& history() const { return history_.history(); }  // once it has begun

  // Why the rest of the file cannot be read, although the run goes on; empty: nothing.
  std::string problem() const;

 private:
  bool open();
  void check_that_it_is_the_same();

  std::filesystem::path file_;
  FileDescriptor descriptor_;
  std::uint64_t read_ = 0;  // bytes
  GrowingHistory history_;
};

}  // namespace faultline
