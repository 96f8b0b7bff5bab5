// The suite as JUnit XML, the form that CI systems read.
#pragma once

#include <string>

#include "harness/runner.h"

namespace faultline {

// One testsuite, a testcase per run. A violation is a failure whose type is the
// failing check; unknown is a failure of type "unknown" (nothing was proven, so
// it must not look green); a broken or interrupted harness is an error; a
// missing capability is skipped, and so is what was not run. What was retried carries a flakyError,
// or where it did not help a rerunError, for each run that broke before. Always well-formed
// XML 1.0, whatever bytes the names and messages hold.
std::string junit_xml(const SuiteResult&);

}  // namespace faultline
