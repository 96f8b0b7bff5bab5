// What a user sees while a suite runs, and the verdict of each run.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "harness/runner.h"

namespace faultline {

struct TerminalStyle {
  bool live = false;  // a block that is updated in place, else plain lines
  bool colour = false;
  std::size_t columns = 80;  // at most 80 are used
  std::size_t rows = 24;     // what is updated in place fits them
};

// Of a file descriptor: live on a terminal that can move its cursor, coloured
// unless NO_COLOR is set (no-color.org).
TerminalStyle detect_style(int descriptor);

enum class Colour { green, yellow, red, dim };
std::string coloured(std::string_view text, Colour, const TerminalStyle&);
std::string coloured_outcome(const RunResult&, const TerminalStyle&);  // "PASS"

class Terminal : public Progress {
 public:
  Terminal(std::ostream&, const TerminalStyle&);

  void run_started(const Scenario&, std::size_t number, std::size_t total);  // 0: none
  void update(const ProgressFigures& figures) override { update(figures, {}); }
  // The same with more lines in the block, free of control characters; plain lines have none.
  void update(const ProgressFigures&, const std::vector<std::string>& more);
  void message(const std::string& line) override;
  void run_finished(const RunResult&);  // a few lines that say why
  void resize(const TerminalStyle&);    // what is shown is then where the terminal puts it

 private:
  void show_block(std::vector<std::string> lines);
  void show_line(const ProgressFigures&);
  void erase_block();

  std::ostream& out_;
  TerminalStyle style_;
  std::vector<std::string> block_;  // as shown; empty: nothing to erase
  std::string last_phase_, last_faults_;
  std::chrono::milliseconds last_line_{0};
};

// What a run shows of itself: the phase and the faults, then rates and gaps.
std::vector<std::string> progress_lines(const ProgressFigures&);

// The verdict of one run: outcome, summary, what each check that did not pass
// found, and where the evidence lies.
std::string verdict_lines(const RunResult&, const TerminalStyle&);

}  // namespace faultline
