// The exit codes of the program (docs/design.md, decision 10).
#pragma once

#include "harness/runner.h"

namespace faultline {

enum ExitCode : int {
  exit_passed = 0,
  exit_violation = 1,
  exit_unknown = 2,  // or skipped without --allow-skip
  exit_interrupted = 130,
  exit_usage = 254,  // bad usage or input
  exit_broken = 255,
};

enum class FailOn {
  violation,   // every violation counts, one of a known issue too
  unexpected,  // only what its set does not lead one to expect: a violation of a
               // known issue is expected on the versions that have it, of a scenario built
               // to fail it is required
};

struct ExitPolicy {
  FailOn fail_on = FailOn::violation;
  bool allow_skip = false;
};

// The worst of the runs: a violation outranks a broken harness outranks an
// interruption outranks unknown outranks passed.
ExitCode exit_code(const RunResult&, const ExitPolicy&);
ExitCode exit_code(const SuiteResult&, const ExitPolicy&);
ExitCode worse(ExitCode, ExitCode);

}  // namespace faultline
