// What became better or worse from run to run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/runs/record.h"

namespace faultline {

// Of a scenario with a provider and a version of the broker: its newest run that passed or
// failed, beside the one before. The others prove nothing, and change no
// standing.
enum class Standing { new_failure, continuing, fixed, passing, unproven };

std::string_view to_string(Standing);  // new, continuing, fixed, passing, unproven

struct Trend {
  const RunRecord* newest = nullptr;         // of all, never null
  const RunRecord* proof = nullptr;          // the newest that passed or failed; null: none did
  const RunRecord* previous = nullptr;       // the one before, that passed or failed; null: none
  const RunRecord* first_failure = nullptr;  // where the streak of failures began; null: passing
  std::size_t streak = 0;                    // failures in it
  Standing standing = Standing::unproven;
  bool flaky = false;                  // passed and failed within the window
  std::vector<const RunRecord*> runs;  // within the window, in order of begin; never empty
  std::size_t passed = 0, failed = 0, unknown = 0, others = 0;  // of these
};

// By standing as above, then by figure and name. `all`, in order of begin, must outlive the
// result. `from` is the window's begin, nanoseconds since 1970; an empty scenario means each,
// else its name or figure. Complexity: O(n log n).
std::vector<Trend> trends(std::span<const RunRecord> all, std::int64_t from,
                          const std::string& scenario = {});

// For people: at most 80 columns, ends with a newline. `window` is as the user wrote it: "30d".
std::string show_trends(std::span<const Trend>, const std::string& window);

std::string trends_json(std::span<const Trend>, const std::string& window);

// Of a run that failed, whether that is new: "new: passed in the previous run
// (2026-11-25T23:10:57Z, suite 20261125T231057Z-4658)", "continuing since ... (3 runs)" or
// "first run of this scenario here". Where another check fails than before, its name. Nothing
// of a run that did not fail. `all` is in order of begin.
std::optional<std::string> since_when(const RunRecord&, std::span<const RunRecord> all);

// The same of a run folder, beside what the database of its results knows. Nothing where that
// knows nothing or cannot be read. Throws nothing, changes nothing. Reads the run's history
// only where the database does not have the run yet.
std::optional<std::string> since_when(const std::filesystem::path& run_folder);

}  // namespace faultline
