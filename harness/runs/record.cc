#include "harness/runs/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>

#include "checkers/format.h"
#include "checkers/history_file.h"
#include "harness/report/redact.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/words.h"
#include "harness/runs/folders.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<std::string_view, 7> outcomes{"pass",    "fail",   "unknown",    "skipped",
                                                   "not run", "broken", "interrupted"};

// What is not there, or is of another type, is the fallback.
template <typename Value>
Value get(const json& from, const char* pointer, Value fallback = {}) {
  const json::json_pointer at(pointer);
  if (!from.contains(at)) return fallback;
  try {
    return from.at(at).get<Value>();
  } catch (const json::exception&) {
    return fallback;
  }
}

std::string text(const json& from, const char* pointer) { return get<std::string>(from, pointer); }

Verdict verdict(const std::string& word) {
  if (word == "pass") return Verdict::pass;
  return word == "fail" ? Verdict::fail : Verdict::unknown;
}

using Counts = std::function<RunFigures::Value(const std::string& check, const std::string& count)>;

void measure_availability(const Counts& count, RunFigures& figures) {
  const auto rate = [&](const std::string& check) -> RunFigures::Value {
    const RunFigures::Value ok = count(check, "steady.ok"),
                            length = count(check, "steady.length_ns");
    if (!ok || !length || *length <= 0) return std::nullopt;
    return *ok / (*length / static_cast<double>(second));
  };
  figures.write_gap = count("availability.writes", "longest_gap_ns");
  figures.read_gap = count("availability.reads", "longest_gap_ns");
  figures.delivery_gap = count("availability.deliveries", "longest_gap_ns");
  figures.write_rate = rate("availability.writes");
  figures.read_rate = rate("availability.reads");
  figures.delivery_rate = rate("availability.deliveries");
}

double percentile(const std::vector<Duration>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

void measure_latency(const History& history, OperationKind kind, RunFigures::Value& p50,
                     RunFigures::Value& p99, RunFigures::Value& slowest) {
  std::vector<Duration> took;
  for (const Operation& operation : history.operations)
    if (operation.kind == kind && operation.outcome == Outcome::ok && operation.completed != never)
      took.push_back(operation.completed - operation.invoked);
  if (took.empty()) return;
  std::ranges::sort(took);
  p50 = percentile(took, 0.5);
  p99 = percentile(took, 0.99);
  slowest = static_cast<double>(took.back());
}

void measure_latencies(const History& history, RunFigures& figures) {
  measure_latency(history, OperationKind::publish, figures.write_p50, figures.write_p99,
                  figures.write_max);
  measure_latency(history, OperationKind::read, figures.read_p50, figures.read_p99,
                  figures.read_max);
}

void take_what_ran(const json& from, RunRecord& run) {
  run.scenario = text(from, "/scenario/name");
  run.figure = text(from, "/scenario/figure");
  run.set = text(from, "/scenario/set");
  run.provider = text(from, "/provider");
  run.broker_product = text(from, "/versions/broker_product");
  run.broker_version = text(from, "/versions/broker");
  run.faultline_version = text(from, "/versions/faultline");
  run.catalogue_commit = text(from, "/versions/catalogue");
  run.seed = get<std::uint64_t>(from, "/seed");
  run.begin = get<std::int64_t>(from, "/begin_ns");
  run.elapsed = get<std::int64_t>(from, "/elapsed_ms");
}

void take_verdict(const json& from, RunRecord& run) {
  run.outcome = text(from, "/outcome");
  run.known_issue = text(from, "/known/id");
  run.reason = text(from, "/judgement/summary");
  if (run.reason.empty()) run.reason = text(from, "/reason");
  const json checks = get(from, "/judgement/checks", json::array());
  for (const json& check : checks)
    run.checks.push_back({text(check, "/check"), verdict(text(check, "/verdict")),
                          get(check, "/judged", true), text(check, "/reason"),
                          text(check, "/observed")});
  measure_availability(
      [&](const std::string& name, const std::string& count) -> RunFigures::Value {
        for (const json& check : checks)
          if (text(check, "/check") == name && check.contains("counts") &&
              check["counts"].contains(count) && check["counts"][count].is_number())
            return check["counts"][count].get<double>();
        return std::nullopt;
      },
      run.figures);
}

void take(const RunResult& from, RunRecord& run) {
  run.scenario = from.scenario.name;
  run.figure = from.scenario.figure;
  run.set = from.scenario.set;
  run.provider = from.provider;
  run.broker_product = from.broker_product;
  run.broker_version = from.broker_version;
  run.seed = from.seed;
  run.begin = from.wall_clock;
  run.outcome = outcome_word(from);
  if (const KnownIssue* known = known_issue(from)) run.known_issue = known->id;
  run.reason = reason_line(from);
  for (const CheckResult& check : from.judgement.checks)
    run.checks.push_back({check.check, check.verdict, check.judged, check.reason, check.observed});
  measure_availability(
      [&](const std::string& name, const std::string& count) -> RunFigures::Value {
        if (const CheckResult* check = from.judgement.find(name))
          for (const auto& [key, value] : check->counts)
            if (key == count) return static_cast<double>(value);
        return std::nullopt;
      },
      run.figures);
}

// Without one, or with one that is none: null.
json read_json(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const json content = in ? json::parse(in, nullptr, false) : json();
  return content.is_object() ? content : json();
}

// Without a verdict that this version knows: by the history alone.
void take_judged(const fs::path& folder, const char* why, RunRecord& run) try {
  const fs::path file = folder / history_file_name;
  std::error_code error;
  if (!fs::exists(file, error)) return;
  const History history = read_history(file);
  take(run_of(history, file), run);
  run.reason = fmt::format("{}; of what it recorded: {}", why, run.reason);
  run.faultline_version = history.header.faultline_version;
  measure_latencies(history, run.figures);
} catch (const std::exception& problem) {
  run.reason = problem.what();
}

void take_latencies(const fs::path& file, RunRecord& run) try {
  std::error_code error;
  if (fs::exists(file, error)) measure_latencies(read_history(file), run.figures);
} catch (const std::exception&) {
}

// "20261125T231057Z-4658": when the suite began. 0 where it is no such name.
std::int64_t begin_of(const std::string& suite) {
  std::tm time{};
  const char* end = ::strptime(suite.c_str(), "%Y%m%dT%H%M%SZ", &time);
  return end == nullptr || *end != '-' ? 0 : ::timegm(&time) * second;
}

void make_plain(RunRecord& run) {
  if (std::ranges::find(outcomes, run.outcome) == outcomes.end()) run.outcome = "unknown";
  if (run.scenario.empty()) run.scenario = run.name;
  if (run.begin <= 0) run.begin = begin_of(run.suite);
  run.reason = redact(run.reason);
  for (CheckRecord& check : run.checks) {
    check.reason = redact(check.reason);
    check.observed = redact(check.observed);
  }
}

}  // namespace

std::vector<std::string> RunRecord::failing() const {
  std::vector<std::string> names;
  for (const CheckRecord& check : checks)
    if (check.judged && check.verdict == Verdict::fail) names.push_back(check.check);
  return names;
}

bool same_line(const RunRecord& a, const RunRecord& b) {
  const auto line = [](const RunRecord& run) {
    return std::tie(run.scenario, run.provider, run.broker_product, run.broker_version);
  };
  return line(a) == line(b);
}

std::string label(const RunRecord& run) {
  return run.figure.empty() ? run.scenario : run.figure + " " + run.scenario;
}

std::string broker(const RunRecord& run) {
  return run.broker_version.empty() ? run.broker_product
                                    : run.broker_product + " " + run.broker_version;
}

std::string format_figure(double value, FigureUnit unit) {
  return unit == FigureUnit::nanoseconds ? format_duration(static_cast<Duration>(value))
                                         : fmt::format("{:.0f}/s", value);
}

RunRecord read_run(const fs::path& folder, const History* history) {
  const fs::path place = fs::weakly_canonical(folder);
  RunRecord run;
  run.name = place.filename().string();
  run.suite = place.parent_path().filename().string();
  run.stamp = stamp(place);
  const json written = read_json(place / run_json_name);
  if (written.is_null()) {
    std::error_code error;
    const bool there = fs::exists(place / run_json_name, error);
    run.reason = there ? "its run.json cannot be read" : "killed before it recorded anything";
    take_judged(place, there ? "its run.json cannot be read" : "killed", run);
  } else if (text(written, "/schema") != run_json_schema) {
    take_what_ran(written, run);
    run.outcome = "unknown";
    run.reason = "its run.json is of another version";
    take_judged(place, "its run.json is of another version", run);
  } else {
    take_what_ran(written, run);
    take_verdict(written, run);
    if (history != nullptr)
      measure_latencies(*history, run.figures);
    else
      take_latencies(place / history_file_name, run);
  }
  make_plain(run);
  return run;
}

}  // namespace faultline
