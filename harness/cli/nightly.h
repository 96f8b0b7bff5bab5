// The options of `run` that a nightly job wants, and what is done with them at the suite's end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>

#include "harness/exit_code.h"
#include "harness/suite.h"

namespace CLI {
class App;
}

namespace faultline {

struct NightlyOptions {
  std::filesystem::path junit, summary;  // empty: none
  std::uint64_t repeat = 1, retries = 0;
  std::string time_limit;   // "90m"; empty: none
  std::string webhook_url;  // empty: none
};

// The options must outlive the parsing.
void add_nightly_options(CLI::App&, NightlyOptions&);

// The time limit counts from now on. Throws UsageError for what cannot be: a time that is
// none, a file that could not be written, a URL that is none.
SuitePlan plan_of(const NightlyOptions&);

// Appends the summary, then calls the webhook, with FAULTLINE_WEBHOOK_SECRET to sign by. Tells
// each that fails in a line. Returns the code of the suite: exit_broken joins it where the
// summary could not be written; the webhook changes nothing.
ExitCode tell_others(const SuiteResult&, const NightlyOptions&,
                     const std::string& faultline_version, ExitCode, std::ostream& complaints);

}  // namespace faultline
