#include "harness/exit_code.h"

#include <algorithm>
#include <array>

#include "harness/report/words.h"

namespace faultline {
namespace {

// A known issue that does not say on which versions it is known is known on all.
bool is_known(const RunResult& violated) {
  const Scenario& scenario = violated.scenario;
  return known_issue(violated) != nullptr ||
         (scenario.set == "known-issue" && scenario.known_issue.id.empty());
}

ExitCode of_verdict(const RunResult& run, FailOn fail_on) {
  const bool built_to_fail = run.scenario.set == "built-to-fail" && fail_on <= FailOn::known;
  switch (run.judgement.verdict) {
    case Verdict::fail:
      if (built_to_fail || (fail_on == FailOn::unexpected && is_known(run))) return exit_passed;
      return exit_violation;
    case Verdict::pass:
      return built_to_fail ? exit_violation : exit_passed;
    case Verdict::unknown:
      break;
  }
  return fail_on == FailOn::unknown && !run.interrupted ? exit_violation : exit_unknown;
}

}  // namespace

ExitCode worse(ExitCode a, ExitCode b) {
  constexpr std::array rank{exit_passed, exit_unknown, exit_interrupted,
                            exit_usage,  exit_broken,  exit_violation};
  return std::max(a, b, [&](ExitCode x, ExitCode y) {
    return std::ranges::find(rank, x) < std::ranges::find(rank, y);
  });
}

ExitCode exit_code(const RunResult& run, const ExitPolicy& policy) {
  const ExitCode interrupted = run.interrupted ? exit_interrupted : exit_passed;
  const bool broke_off = run.status == RunStatus::judged && !run.reason.empty();
  const ExitCode left =
      run.not_undone.empty() && (run.interrupted || !broke_off) ? interrupted : exit_broken;
  switch (run.status) {
    case RunStatus::judged:
      return worse(of_verdict(run, policy.fail_on), left);
    case RunStatus::skipped:
      return policy.allow_skip ? left : worse(exit_unknown, left);
    case RunStatus::not_run:
      return run.interrupted ? exit_interrupted : policy.allow_not_run ? exit_passed : exit_unknown;
    case RunStatus::broken:
      break;
  }
  return run.interrupted ? left : exit_broken;
}

ExitCode exit_code(const SuiteResult& suite, const ExitPolicy& policy) {
  ExitCode worst = suite.interrupted ? exit_interrupted : exit_passed;
  if (!suite.problem.empty()) worst = exit_broken;
  for (const RunResult& run : suite.runs) worst = worse(worst, exit_code(run, policy));
  return worst;
}

}  // namespace faultline
