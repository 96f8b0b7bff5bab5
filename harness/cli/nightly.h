// The options of `run` that shape a whole suite, as a nightly job wants them, and what is done
// with them at its begin and its end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/exit_code.h"
#include "harness/suite.h"

namespace CLI {
class App;
}

namespace faultline {

struct NightlyOptions {
  std::filesystem::path junit, summary;  // empty: none
  std::uint64_t repeat = 1, retries = 0;
  std::vector<std::string> versions;  // of the broker; empty: one, chosen elsewhere
  std::vector<std::string> ages;      // of the stream, "120s"; empty: each scenario's own
  bool resume = false;
  std::string time_limit;   // "90m"; empty: none
  std::string webhook_url;  // empty: none
};

// The options must outlive the parsing.
void add_nightly_options(CLI::App&, NightlyOptions&);

// The time limit counts from now on. Throws UsageError for what cannot be: a time that is
// none, a file that could not be written, a URL that is none.
SuitePlan plan_of(const NightlyOptions&);

// Each scenario at each age, as the options say. Throws UsageError.
std::vector<Scenario> at_ages(std::vector<Scenario>, const std::vector<std::string>& ages);

// The folder of this run, and in options and plan what comes with going on with an earlier one.
// Throws UsageError.
SuiteFolder suite_folder(const std::filesystem::path& results, std::span<const Scenario>,
                         const NightlyOptions&, std::optional<std::uint64_t> seed, RunOptions&,
                         SuitePlan&);

// Appends the summary, then calls the webhook, with FAULTLINE_WEBHOOK_SECRET to sign by. Tells
// each that fails in a line. Returns the code of the suite: exit_broken joins it where the
// summary could not be written; the webhook changes nothing.
ExitCode tell_others(const SuiteResult&, const NightlyOptions&,
                     const std::string& faultline_version, ExitCode, std::ostream& complaints);

}  // namespace faultline
