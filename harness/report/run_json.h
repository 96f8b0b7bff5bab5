// run.json: one run for programs. Its form is docs/run.schema.json.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/runner.h"

namespace faultline {

inline constexpr const char* run_json_name = "run.json";
inline constexpr const char* run_json_schema = "faultline/run/v1";

struct RunJsonError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The machine is the one that asks. Bytes that are no UTF-8 are replaced.
std::string run_json(const RunResult&, const std::string& faultline_version);

// An array of the same, for `--json`.
std::string suite_json(const SuiteResult&, const std::string& faultline_version, int exit_code);

// What was written, as far as judging again needs it: scenario name, title,
// figure, set, known issue and expectations; status, reason, judgement without samples,
// folder, product, versions, seed, times, repetition and retries. Throws RunJsonError.
RunResult read_run_json(const std::filesystem::path&);

// Where two judgements of one history differ; empty if nowhere.
std::vector<std::string> differences(const Judgement& then, const Judgement& now);

}  // namespace faultline
