// The suite as JUnit XML, the form that CI systems read.
#pragma once

#include <string>

#include "harness/exit_code.h"
#include "harness/runner.h"

namespace faultline {

// One testsuite, a testcase per run: a failure or an error where its exit code is not 0, so that
// a CI server shows red what the job is red for. A violation is a failure whose type is the
// failing check; unknown is a failure of type "unknown"; a broken harness is an error, and so is,
// as a case of its own, why the suite broke off. Skipped is what was skipped or not run where that
// is allowed, and a failure that does not count. What was retried carries a flakyError,
// or where it did not help a rerunError, for each run that broke before. Always well-formed
// XML 1.0, whatever bytes the names and messages hold; secrets are redacted (redact.h).
std::string junit_xml(const SuiteResult&, const ExitPolicy& = {});

}  // namespace faultline
