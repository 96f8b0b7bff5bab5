#include "harness/runs/trends.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <tuple>

#include "harness/report/words.h"
#include "harness/runs/database.h"
#include "harness/runs/folders.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t spark_columns = 7;

// RunFigures by number: 1.10 comes after 1.9.
std::vector<int> figure_order(const std::string& figure) {
  std::vector<int> numbers(1);
  for (const char c : figure) {
    if (c == '.')
      numbers.push_back(0);
    else if (c >= '0' && c <= '9' && numbers.back() < 1'000'000)
      numbers.back() = numbers.back() * 10 + (c - '0');
  }
  return numbers;
}

Standing standing(const Trend& trend) {
  if (trend.proof == nullptr) return Standing::unproven;
  const bool failed_before = trend.previous != nullptr && trend.previous->failed();
  if (trend.proof->failed()) return failed_before ? Standing::continuing : Standing::new_failure;
  return failed_before ? Standing::fixed : Standing::passing;
}

// `line` holds all runs of one scenario, provider and version, in order of begin.
Trend judge_line(const std::vector<const RunRecord*>& line, std::int64_t from) {
  Trend trend;
  trend.newest = line.back();
  bool failing = true;
  for (const RunRecord* run : line | std::views::reverse) {
    if (!run->proves()) continue;
    if (trend.proof == nullptr)
      trend.proof = run;
    else if (trend.previous == nullptr)
      trend.previous = run;
    failing = failing && run->failed();
    if (failing) {
      trend.first_failure = run;
      ++trend.streak;
    }
  }
  trend.standing = standing(trend);
  for (const RunRecord* run : line) {
    if (run->begin < from) continue;
    trend.runs.push_back(run);
    ++(run->passed()               ? trend.passed
       : run->failed()             ? trend.failed
       : run->outcome == "unknown" ? trend.unknown
                                   : trend.others);
  }
  trend.flaky = trend.passed > 0 && trend.failed > 0;
  return trend;
}

// Scenario, provider, product, version.
using LineKey = std::tuple<std::string, std::string, std::string, std::string>;
using Lines = std::map<LineKey, std::vector<const RunRecord*>>;

// What did not run knows no version: it is of the line of the only one that there is.
void join_what_knows_no_version(Lines& lines) {
  const auto same_but_version = [](const LineKey& a, const LineKey& b) {
    return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a)) ==
           std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b));
  };
  for (auto line = lines.begin(); line != lines.end();) {
    const auto versionless = line++;  // the empty version comes first
    if (!std::get<3>(versionless->first).empty() || line == lines.end() ||
        !same_but_version(versionless->first, line->first))
      continue;
    const auto after = std::next(line);
    if (after != lines.end() && same_but_version(line->first, after->first)) continue;
    std::vector<const RunRecord*> both;
    std::ranges::merge(versionless->second, line->second, std::back_inserter(both), {},
                       &RunRecord::begin, &RunRecord::begin);
    line->second = std::move(both);
    lines.erase(versionless);
  }
}

std::vector<std::string> new_checks(const RunRecord& before, const RunRecord& now) {
  const std::vector<std::string> known = before.failing();
  std::vector<std::string> fresh = now.failing();
  std::erase_if(fresh, [&](const std::string& check) {
    return std::ranges::find(known, check) != known.end();
  });
  return fresh;
}

std::string runs_word(std::size_t count) {
  return fmt::format("{} run{}", count, count == 1 ? "" : "s");
}

std::string sentence(const Trend& trend) {
  if (trend.previous == nullptr) return "first run of this scenario here";
  if (!trend.previous->failed())
    return fmt::format("new: passed in the previous run ({}, suite {})",
                       format_utc(trend.previous->begin), trend.previous->suite);
  const std::vector<std::string> fresh = new_checks(*trend.previous, *trend.proof);
  return fmt::format("continuing since {} ({})", format_utc(trend.first_failure->begin),
                     runs_word(trend.streak)) +
         (fresh.empty() ? "" : fmt::format("; new in this one: {}", fmt::join(fresh, ", ")));
}

std::string heading(Standing standing) {
  switch (standing) {
    case Standing::new_failure:
      return "New failures";
    case Standing::continuing:
      return "Continuing failures";
    case Standing::fixed:
      return "Fixed";
    case Standing::passing:
      return "Passing";
    case Standing::unproven:
      return "Not proven: neither passed nor failed";
  }
  return "";
}

std::string row(const Trend& trend) {
  const RunRecord& run = *trend.newest;
  return fmt::format("  {} {} {} {:>4} {:>4} {:>4} {:>4}\n", fit(label(run), 30),
                     fit(run.provider, 10), fit(broker(run), 13), trend.runs.size(), trend.passed,
                     trend.failed, trend.unknown);
}

std::string expected(const RunRecord& run) {
  if (!run.known_issue.empty()) return fmt::format(" (known: {})", run.known_issue);
  return run.set == "built-to-fail" ? " (built to fail)" : "";
}

std::vector<std::optional<double>> values(const Trend& trend,
                                          RunFigures::Value RunFigures::*figure) {
  std::vector<std::optional<double>> values;
  for (const RunRecord* run : trend.runs) values.push_back(run->figures.*figure);
  return values;
}

struct Sparked {
  const char* label;
  RunFigures::Value RunFigures::*figure;
};

// Empty where there is nothing to compare.
std::string spark_line(const Trend& trend, const char* title, std::initializer_list<Sparked> all) {
  std::string line = fmt::format("    {} ", title);
  bool compared = false;
  for (const Sparked& sparked : all) {
    auto series = values(trend, sparked.figure);
    for (std::size_t i = 0; i < series.size(); ++i)
      if (!trend.runs[i]->whole()) series[i].reset();
    const auto last = std::ranges::find_if(series.rbegin(), series.rend(),
                                           [](const auto& value) { return value.has_value(); });
    const std::string now =
        last == series.rend() ? "-" : format_figure(**last, FigureUnit::nanoseconds);
    line += fmt::format(" {} {} {:<8}", sparked.label, sparkline(series, spark_columns), now);
    compared = compared || std::ranges::count_if(
                               series, [](const auto& value) { return value.has_value(); }) > 1;
  }
  line.resize(line.find_last_not_of(' ') + 1);
  return compared ? line + "\n" : "";
}

std::string details(const Trend& trend) {
  std::string lines;
  if (trend.first_failure != nullptr)
    lines += wrap_hanging(
        plain(fmt::format("{}: {}{}", sentence(trend), fmt::join(trend.proof->failing(), ", "),
                          expected(*trend.proof))),
        80, 4);
  if (trend.flaky)
    lines += fmt::format("    flaky: {} passed and {} failed\n", trend.passed, trend.failed);
  lines += spark_line(trend, "gap",
                      {{"writes", &RunFigures::write_gap},
                       {"reads", &RunFigures::read_gap},
                       {"deliver", &RunFigures::delivery_gap}});
  lines += spark_line(trend, "p99",
                      {{"writes", &RunFigures::write_p99}, {"reads", &RunFigures::read_p99}});
  return lines;
}

ordered_json to_json(const RunRecord* run) {
  if (run == nullptr) return nullptr;
  return {{"suite", run->suite},
          {"name", run->name},
          {"begin", format_utc(run->begin)},
          {"outcome", run->outcome},
          {"reason", run->reason},
          {"failing", run->failing()},
          {"seed", run->seed},
          {"catalogue_commit", run->catalogue_commit}};
}

ordered_json to_json(const Trend& trend) {
  const RunRecord& run = *trend.newest;
  ordered_json figures = ordered_json::object();
  for (const FigureKind& kind : figure_kinds) {
    figures[kind.name] = ordered_json::array();
    for (const auto& value : values(trend, kind.value))
      figures[kind.name].push_back(value ? ordered_json(*value) : ordered_json(nullptr));
  }
  ordered_json begins = ordered_json::array(), outcomes = ordered_json::array();
  for (const RunRecord* one : trend.runs) {
    begins.push_back(format_utc(one->begin));
    outcomes.push_back(one->outcome);
  }
  return {{"scenario", run.scenario},
          {"figure", run.figure},
          {"set", run.set},
          {"provider", run.provider},
          {"broker_product", run.broker_product},
          {"broker_version", run.broker_version},
          {"standing", to_string(trend.standing)},
          {"flaky", trend.flaky},
          {"known", trend.proof != nullptr ? trend.proof->known_issue : ""},
          {"runs", trend.runs.size()},
          {"passed", trend.passed},
          {"failed", trend.failed},
          {"unknown", trend.unknown},
          {"others", trend.others},
          {"newest", to_json(trend.newest)},
          {"proof", to_json(trend.proof)},
          {"previous", to_json(trend.previous)},
          {"failing_since", to_json(trend.first_failure)},
          {"failing_runs", trend.streak},
          {"begins", begins},
          {"outcomes", outcomes},
          {"figures", figures}};
}

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::new_failure:
      return "new";
    case Standing::continuing:
      return "continuing";
    case Standing::fixed:
      return "fixed";
    case Standing::passing:
      return "passing";
    case Standing::unproven:
      return "unproven";
  }
  return "?";
}

std::vector<Trend> trends(std::span<const RunRecord> all, std::int64_t from,
                          const std::string& scenario) {
  Lines lines;
  for (const RunRecord& run : all)
    if (scenario.empty() || run.scenario == scenario || run.figure == scenario)
      lines[{run.scenario, run.provider, run.broker_product, run.broker_version}].push_back(&run);
  join_what_knows_no_version(lines);
  std::vector<Trend> found;
  for (const auto& [key, line] : lines)
    if (Trend trend = judge_line(line, from); !trend.runs.empty())
      found.push_back(std::move(trend));
  std::ranges::stable_sort(found, {}, [](const Trend& trend) {
    return std::make_tuple(trend.standing, trend.newest->figure.empty(),
                           figure_order(trend.newest->figure));
  });
  return found;
}

std::string show_trends(std::span<const Trend> all, const std::string& window) {
  std::size_t runs = 0;
  for (const Trend& trend : all) runs += trend.runs.size();
  if (runs == 0) return fmt::format("no run within {}\n", plain(window));
  std::string text = fmt::format("{} within {}\n", runs_word(runs), plain(window));
  const Standing* before = nullptr;
  for (const Trend& trend : all) {
    if (before == nullptr || *before != trend.standing)
      text += "\n" + fit(heading(trend.standing), 57) + " Runs Pass Fail Unkn\n";
    before = &trend.standing;
    text += row(trend) + details(trend);
  }
  return text;
}

std::string trends_json(std::span<const Trend> all, const std::string& window) {
  ordered_json list = ordered_json::array();
  for (const Trend& trend : all) list.push_back(to_json(trend));
  return ordered_json{{"window", window}, {"trends", list}}.dump(
             2, ' ', false, ordered_json::error_handler_t::replace) +
         "\n";
}

std::optional<std::string> since_when(const RunRecord& run, std::span<const RunRecord> all) {
  if (!run.failed()) return std::nullopt;
  std::vector<const RunRecord*> line;
  for (const RunRecord& other : all)
    if (same_line(run, other) && other.place() != run.place() &&
        std::tie(other.begin, other.suite, other.name) < std::tie(run.begin, run.suite, run.name))
      line.push_back(&other);
  line.push_back(&run);
  return sentence(judge_line(line, 0));
}

std::optional<std::string> since_when(const std::filesystem::path& run_folder) try {
  const std::filesystem::path place = std::filesystem::canonical(run_folder);
  const std::vector<RunRecord> known =
      RunsDatabase(place.parent_path().parent_path(), RunsDatabase::Mode::memory).runs();
  if (known.empty()) return std::nullopt;
  const auto own = std::ranges::find_if(known, [&, stamp = stamp(place)](const RunRecord& run) {
    return run.suite == place.parent_path().filename() && run.name == place.filename() &&
           run.stamp == stamp;
  });
  return since_when(own != known.end() ? *own : read_run(place), known);
} catch (const std::exception&) {
  return std::nullopt;
}

}  // namespace faultline
