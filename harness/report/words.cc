#include "harness/report/words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "harness/known_issue.h"
#include "harness/scenario_age.h"

namespace faultline {
namespace {

// A terminal must not act on what a broker's log happens to hold.
std::string printable(std::string_view text) {
  std::string safe(text);
  std::ranges::replace_if(
      safe, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }, ' ');
  return safe;
}

std::string wrap_line(std::string_view text, std::size_t width, const std::string& indent) {
  std::string lines;
  do {
    std::size_t length = std::min(text.size(), width);
    if (length < text.size())
      if (const auto blank = text.rfind(' ', length); blank != text.npos && blank > 0)
        length = blank;
    const std::string_view line = text.substr(0, length);
    lines += indent + std::string(line.substr(0, line.find_last_not_of(' ') + 1)) + "\n";
    text.remove_prefix(length);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  } while (!text.empty());
  return lines;
}

}  // namespace

std::string_view outcome_word(const RunResult& run) {
  switch (run.status) {
    case RunStatus::judged:
      if (run.judgement.verdict == Verdict::fail) return "fail";
      if (!run.not_undone.empty()) return "broken";
      if (run.interrupted) return "interrupted";
      return to_string(run.judgement.verdict);
    case RunStatus::skipped:
      return "skipped";
    case RunStatus::not_run:
      return "not run";
    case RunStatus::broken:
      break;
  }
  return run.interrupted && run.not_undone.empty() ? "interrupted" : "broken";
}

bool passed_against_its_build(const RunResult& run) {
  return run.scenario.set == "built-to-fail" && outcome_word(run) == "pass";
}

bool needs_reason(const RunResult& run) {
  return outcome_word(run) != "pass" || passed_against_its_build(run);
}

const KnownIssue* known_issue(const RunResult& run) {
  const KnownIssue& issue = run.scenario.known_issue;
  if (issue.id.empty() || run.status != RunStatus::judged || run.judgement.verdict != Verdict::fail)
    return nullptr;
  const bool explains_all = std::ranges::all_of(run.judgement.checks, [&](const CheckResult& c) {
    return !c.judged || c.verdict != Verdict::fail ||
           std::ranges::find(issue.checks, c.check) != issue.checks.end();
  });
  try {
    return explains_all && has_version(issue.versions, run.broker_version) ? &issue : nullptr;
  } catch (const std::invalid_argument&) {
    return nullptr;
  }
}

std::string known_issue_line(const RunResult& run) {
  const KnownIssue* issue = known_issue(run);
  return issue == nullptr ? "" : fmt::format("known: {} ({})", issue->id, issue->url);
}

std::string retries_line(const RunResult& run) {
  if (!run.retried_as.empty()) return "retried as " + run.retried_as;
  if (run.retried.empty()) return "";
  return fmt::format("after {} {}: {}", run.retried.size(),
                     run.retried.size() == 1 ? "retry" : "retries", run.retried.back().reason);
}

std::string reason_line(const RunResult& run) {
  std::string reason = run.status == RunStatus::judged ? run.judgement.summary : run.reason;
  if (run.status == RunStatus::judged && !run.reason.empty())
    reason += "; the run then broke off: " + run.reason;
  if (passed_against_its_build(run)) reason = "built to fail, and did not: " + reason;
  if (run.not_undone.empty()) return reason;
  return fmt::format("{}; not undone, try 'faultline heal': {}", reason, run.not_undone);
}

std::string label(const Scenario& scenario) {
  return scenario.figure.empty() ? scenario.name : scenario.figure + " " + scenario.name;
}

std::string figure_label(const Scenario& scenario) {
  if (scenario.figure.empty()) return scenario.name;
  const std::string age = chosen_age(scenario);
  return age.empty() ? scenario.figure : scenario.figure + "@" + age;
}

std::string_view documented_word(Promise promise) {
  switch (promise) {
    case Promise::not_promised:
      return "-";
    case Promise::keeps_on:
      return "continue";
    case Promise::pause:
      return "pause";
    case Promise::stop:
      return "stop";
  }
  return "?";
}

std::string_view documented_word(LossPromise promise) {
  return promise == LossPromise::none ? "none" : "-";
}

std::string observed_word(const RunResult& run, std::string_view check) {
  if (run.status != RunStatus::judged) return "-";
  const CheckResult* result = run.judgement.find(check);
  return result == nullptr || result->observed.empty() ? "-" : result->observed;
}

std::string observed_reads(const RunResult& run) {
  const std::string reads = observed_word(run, "availability.reads");
  const std::string deliveries = observed_word(run, "availability.deliveries");
  const auto rank = [](std::string_view word) {
    return word == "stop" ? 3 : word == "pause" ? 2 : word == "continue" ? 1 : 0;
  };
  return rank(deliveries) > rank(reads) ? deliveries : reads;
}

std::string observed_loss(const RunResult& run) {
  const CheckResult* check = run.judgement.find("lost");
  if (run.status != RunStatus::judged || check == nullptr) return "-";
  const auto lost = std::ranges::find(
      check->counts, "lost", [](const auto& count) { return std::string_view(count.first); });
  if (lost == check->counts.end() || lost->second == 0) return observed_word(run, "lost");
  return lost->second < 1'000'000 ? std::to_string(lost->second)
                                  : fmt::format("{:.3g}M", static_cast<double>(lost->second) / 1e6);
}

std::string format_clock(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string format_utc(std::int64_t wall_clock_ns) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(wall_clock_ns / second)));
}

std::string wrap(std::string_view text, std::size_t columns, std::size_t indent) {
  const std::size_t width = std::max<std::size_t>(columns > indent ? columns - indent : 0, 20);
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += wrap_line(printable(text.substr(begin, end - begin)), width, std::string(indent, ' '));
    begin = end + 1;
  }
  return lines;
}

std::string wrap_hanging(std::string_view text, std::size_t columns, std::size_t indent) {
  return wrap(text, columns, indent + 2).substr(2);
}

std::string near_path(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path near = std::filesystem::proximate(path, error);
  return error || *near.begin() == ".." ? path.string() : near.string();
}

}  // namespace faultline
