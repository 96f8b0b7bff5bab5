// Writes the history while the run goes on. The file's form is specified in
// docs/history-format.md and read by checkers/history_file.h.
//
// All methods may be called from any thread. Times are stamped under one lock,
// so the order of the file is the order of real time: an invocation is stamped
// before the call is made, a completion after it came back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "checkers/history.h"
#include "workloads/tally.h"

namespace faultline {

// The clock of a run: std::chrono::steady_clock in nanoseconds.
Time monotonic_now();

struct Invocation {
  OperationKind kind = OperationKind::publish;
  std::uint32_t process = 0;
  std::uint32_t size = 0;
  Value value;
  std::uint64_t sequence = 0;
  Time intended = 0;  // 0: now
};

struct Completion {
  Outcome outcome = Outcome::unknown;
  Answer answer = Answer::none;
  bool duplicate = false;
  std::uint32_t deliveries = 0;
  Value value;                 // of what was read
  std::uint64_t sequence = 0;  // acknowledged or delivered; 0: none
};

// Names an operation under way; unique in a run.
struct OperationId {
  std::uint64_t id = 0;
  Time invoked = 0;
};

class Recorder {
 public:
  // Creates the file (it must not exist) and writes the header, synced.
  // Throws std::system_error.
  Recorder(const std::filesystem::path& file, const Header& header);
  ~Recorder();  // closes
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  OperationId invoke(const Invocation&);
  Time complete(OperationId, const Completion&);  // once per operation; returns the stamp
  Time event(decltype(Event::what));
  std::uint32_t new_process(const std::string& role, const std::string& group,
                            std::uint32_t partition = 1);  // also recorded

  Tally tally() const;  // of what was completed so far

  void flush();  // everything recorded so far is handed to the operating system
  // Flushes, ends the file, syncs; further records are ignored. Waits for a disk that
  // hangs as long as it does; no other method waits for it longer than five seconds.
  void close();

  // Why writing stopped (the disk is full, or hangs); what was complete by then is readable.
  std::optional<std::string> error() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
