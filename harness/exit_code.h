// The exit codes of the program (docs/design.md, decision 10).
#pragma once

#include "harness/runner.h"

namespace faultline {

enum ExitCode : int {
  exit_passed = 0,
  exit_violation = 1,
  exit_unknown = 2,  // or skipped or not run, unless that is allowed
  exit_interrupted = 130,
  exit_usage = 254,  // bad usage or input
  exit_broken = 255,
};

// What gives exit_violation, each more than the one before. A scenario that is built to
// fail must: where its violations do not count, it counts that there is none.
enum class FailOn {
  unexpected,  // what neither a known issue explains, on a version that has it, nor the
               // scenario is built for
  known,       // what a known issue explains, too
  violation,   // every violation
  unknown,     // what could not be judged, too
};

struct ExitPolicy {
  FailOn fail_on = FailOn::violation;
  bool allow_skip = false;
  bool allow_not_run = false;  // what a time limit left out
};

// The worst of the runs: a violation outranks a broken harness outranks an
// interruption outranks unknown outranks passed.
ExitCode exit_code(const RunResult&, const ExitPolicy&);
ExitCode exit_code(const SuiteResult&, const ExitPolicy&);
ExitCode worse(ExitCode, ExitCode);

}  // namespace faultline
