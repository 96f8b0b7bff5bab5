// Suites that are gathered over several sittings: what was asked for, and what is there of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "harness/suite.h"

namespace faultline {

// In a suite's folder; its form is private to this file.
inline constexpr const char* suite_request_name = "suite.json";

// What makes two suites the same, and the seed: scenarios, brokers, provider, place and
// repetitions. A broker's program is what its file holds, whatever that is called.
std::string suite_request(std::span<const Scenario>, const RunOptions&, const SuitePlan&);

struct EarlierSuite {
  std::filesystem::path folder;
  std::uint64_t seed = 0;
};

// The newest suite below `root` that was asked for the same; empty where there is none. Without
// a seed, whatever that suite's is. Complexity: O(suites).
std::optional<EarlierSuite> find_earlier_suite(const std::filesystem::path& root,
                                               const std::string& request,
                                               std::optional<std::uint64_t> seed);

// The run that lies there, or, where others took its place, the last of them. Empty where there
// is no such folder. `fallback` is what it is where nothing is left of it.
std::optional<RunResult> earlier_run(const std::filesystem::path& folder,
                                     const RunResult& fallback);

// It came to a verdict, which no other run may replace: one that was interrupted only if it
// found a violation before.
bool is_final(const RunResult&);

// It was skipped, or its turn did not come: there is nothing of it but a report.
bool did_not_run(const RunResult&);

}  // namespace faultline
