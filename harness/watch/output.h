// How a run under way is shown: on a terminal or as plain lines, or as JSON Lines.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "harness/exit_code.h"
#include "harness/report/terminal.h"
#include "harness/watch/live_view.h"

namespace faultline {

struct WatchedRun {
  std::filesystem::path folder;
  std::size_t number = 0;          // in its suite, from 1; 0: it is watched alone
  const Header* header = nullptr;  // null: nothing is recorded yet
};

enum class WatchEnd { finished, killed };

class WatchOutput {
 public:
  virtual ~WatchOutput() = default;
  virtual void show(const WatchedRun&, const LiveState&) = 0;
  virtual void message(const std::string& line) = 0;  // once, of a run that goes on
  virtual void ended(const WatchedRun&, const RunResult&, WatchEnd, ExitCode) = 0;
  virtual void no_run_under_way(const std::filesystem::path& suite) = 0;
  virtual void suite_over(const SuiteResult&, ExitCode) = 0;
};

// The style is asked for before each picture, since a terminal changes its size. `once`: whole
// pictures, none of which replaces another.
std::unique_ptr<WatchOutput> watch_terminal(std::ostream&, std::function<TerminalStyle()> style,
                                            bool once);

// One object a line; their fields are in docs/reports.md.
std::unique_ptr<WatchOutput> watch_json(std::ostream&);

// What the picture of a run says below progress_lines: who leads, the operations by outcome,
// the last events. Nothing in it can act on a terminal, and no secret is in it.
std::vector<std::string> state_lines(const LiveState&, Time run_begin);

}  // namespace faultline
