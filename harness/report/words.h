// How reports say what a run was and did: one place for the words.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "harness/runner.h"

namespace faultline {

// pass, fail, unknown, skipped, not run, broken or interrupted.
std::string_view outcome_word(const RunResult&);

// It was built to fail and did not: where that counts (--fail-on) the checkers saw nothing.
bool passed_against_its_build(const RunResult&);

// Whether a table says why beside the outcome.
bool needs_reason(const RunResult&);

// The issue that the scenario says it runs into, where it failed and the broker's
// version has that issue; else null. A failure stays one.
const KnownIssue* known_issue(const RunResult&);

// "known: nats-server#6888 (https://...)"; empty where there is none.
std::string known_issue_line(const RunResult&);

// "after 1 retry: n2 exited at start", why the last before it broke; of one that broke,
// "retried as NAME"; empty where nothing was retried.
std::string retries_line(const RunResult&);

// One line: the judgement's summary, or the reason why there is none.
std::string reason_line(const RunResult&);

// "1.3 leader-killed", or only the name of what is no figure.
std::string label(const Scenario&);

// "1.3", at another age of the stream than the scenario's own "1.3@120s", else the name.
std::string figure_label(const Scenario&);

// continue, pause, stop; "-" where nothing is promised.
std::string_view documented_word(Promise);
std::string_view documented_word(LossPromise);

// What a check observed; "-" if it did not run.
std::string observed_word(const RunResult&, std::string_view check);

// What reads did as a whole: the worse of leader reads and deliveries.
std::string observed_reads(const RunResult&);

// "none", "unknown", or how many; from a million on rounded, to fit a column.
std::string observed_loss(const RunResult&);

std::string format_clock(std::chrono::milliseconds);  // 0:42, 12:05, 1:00:00
std::string format_utc(std::int64_t wall_clock_ns);   // 2026-11-22T23:01:31Z

// Breaks text into lines of at most `columns`, each after `indent` blanks; words
// longer than a line are cut, control characters become blanks. Ends with a
// newline.
std::string wrap(std::string_view text, std::size_t columns, std::size_t indent);

// The same, with every line after the first two blanks further in.
std::string wrap_hanging(std::string_view text, std::size_t columns, std::size_t indent);

std::string near_path(const std::filesystem::path&);  // relative, where it lies below

}  // namespace faultline
