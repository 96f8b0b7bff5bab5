#include "harness/runs/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/words.h"
#include "harness/runs/folders.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr double moved_share = 0.25;

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::vector<RunFolder> runs_of_suite(const fs::path& results, const std::string& suite) {
  std::vector<RunFolder> runs = run_folders(results);
  std::erase_if(runs, [&](const RunFolder& run) { return run.suite != suite; });
  return runs;
}

// The suite so many before the latest; names of suites are in order of time.
std::string suite_before_latest(const fs::path& results, std::size_t back) {
  const std::string latest = latest_suite(results);
  if (latest.empty())
    throw RunsError(fmt::format("there is no latest suite in '{}'", results.string()));
  std::set<std::string> suites;
  for (const RunFolder& run : run_folders(results)) suites.insert(run.suite);
  suites.insert(latest);
  const auto before = static_cast<std::size_t>(std::distance(suites.begin(), suites.find(latest)));
  if (back > before)
    throw RunsError(fmt::format("there is no latest~{}: the oldest suite in '{}' is {}", back,
                                results.string(),
                                before == 0 ? "the latest" : fmt::format("latest~{}", before)));
  return *std::next(suites.begin(), static_cast<std::ptrdiff_t>(before - back));
}

// "latest", "latest~2"; nothing where it is neither.
std::optional<std::size_t> steps_back(std::string_view what) {
  if (what == "latest") return 0;
  if (!what.starts_with("latest~")) return std::nullopt;
  const std::string_view digits = what.substr(7);
  std::size_t back = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), back);
  if (error != std::errc{} || end != digits.data() + digits.size())
    throw RunsError(fmt::format("'{}' is none of latest, latest~1, latest~2, ...", plain(what)));
  return back;
}

fs::path place_of(const fs::path& results, const std::string& what) {
  const auto slash = what.find('/');
  if (const auto back = steps_back(what.substr(0, slash))) {
    const fs::path suite = results / suite_before_latest(results, *back);
    return slash == what.npos ? suite : suite / what.substr(slash + 1);
  }
  if (is_folder(what)) return what;
  return results / what;
}

const CheckRecord* find(const RunRecord& run, const std::string& name) {
  const auto found = std::ranges::find(run.checks, name, &CheckRecord::check);
  return found == run.checks.end() ? nullptr : &*found;
}

std::optional<CheckRecord> copy(const CheckRecord* check) {
  return check == nullptr ? std::nullopt : std::optional(*check);
}

bool fails(const std::optional<CheckRecord>& check) {
  return check && check->judged && check->verdict == Verdict::fail;
}

std::vector<ChangedCheck> changed_checks(const RunRecord& before, const RunRecord& after) {
  std::vector<std::string> names;
  for (const RunRecord* run : {&after, &before})
    for (const CheckRecord& check : run->checks)
      if (std::ranges::find(names, check.check) == names.end()) names.push_back(check.check);
  std::vector<ChangedCheck> changed;
  for (const std::string& name : names) {
    ChangedCheck one{name, copy(find(before, name)), copy(find(after, name))};
    const bool judged = (one.before && one.before->judged) || (one.after && one.after->judged);
    const bool differs = !one.before || !one.after || one.before->verdict != one.after->verdict ||
                         one.before->judged != one.after->judged;
    if (judged && differs) changed.push_back(std::move(one));
  }
  return changed;
}

std::vector<MovedFigure> moved_figures(const RunRecord& one, const RunRecord& other) {
  const RunFigures &before = one.figures, &after = other.figures;
  std::vector<MovedFigure> moved;
  if (!one.whole() || !other.whole()) return moved;
  for (const FigureKind& kind : figure_kinds) {
    const RunFigures::Value &old = before.*kind.value, &now = after.*kind.value;
    if (!old || !now) continue;
    const double by = std::abs(*now - *old);
    if (by >= kind.matters && by > moved_share * std::min(*old, *now))
      moved.push_back({&kind, *old, *now});
  }
  return moved;
}

ComparedRuns make_pair(std::optional<RunRecord> before, std::optional<RunRecord> after) {
  ComparedRuns pair{std::move(before), std::move(after), {}, {}, false};
  if (pair.before && pair.after) {
    pair.checks = changed_checks(*pair.before, *pair.after);
    pair.moved = moved_figures(*pair.before, *pair.after);
  }
  const bool failed = pair.before && pair.before->failed();
  pair.new_failure = (pair.after && pair.after->failed() && !failed) ||
                     std::ranges::any_of(pair.checks, [](const ChangedCheck& check) {
                       return fails(check.after) && !fails(check.before);
                     });
  return pair;
}

std::string outcome(const std::optional<RunRecord>& run) { return run ? run->outcome : "not run"; }

const RunRecord& either(const ComparedRuns& pair) {
  return pair.after ? *pair.after : *pair.before;
}

int rank(const ComparedRuns& pair) {
  if (pair.new_failure) return 0;
  if (outcome(pair.before) != outcome(pair.after)) return 1;
  if (!pair.checks.empty()) return 2;
  return pair.moved.empty() ? 4 : 3;
}

// What --retries ran again is not there twice.
void add_run_of_suite(const fs::path& folder, ComparedSide& side) {
  try {
    const RunResult told = read_run_json(folder / run_json_name);
    if (was_retried(told)) return;
    if (!told.retried.empty())
      side.retry_of[folder.filename().string()] = told.retried.front().name;
  } catch (const RunJsonError&) {  // what there is of it is compared by its own name
  }
  side.runs.push_back(read_run(folder));
}

std::string name_of(const RunRecord& run, const ComparedSide& side) {
  const auto retry = side.retry_of.find(run.name);
  return retry == side.retry_of.end() ? run.name : retry->second;
}

std::string verdict_word(const std::optional<CheckRecord>& check) {
  if (!check) return "not checked";
  return std::string(to_string(check->verdict)) + (check->judged ? "" : " (not judged)");
}

std::string describe(const ComparedSide& side) {
  if (side.runs.empty()) return side.title + ": no run";
  std::set<std::string> of;
  for (const RunRecord& run : side.runs)
    if (!run.broker_version.empty()) of.insert(broker(run) + " on " + run.provider);
  std::size_t failed = 0, passed = 0;
  for (const RunRecord& run : side.runs) {
    failed += run.failed();
    passed += run.passed();
  }
  return fmt::format("{}: {} run{}, {} passed, {} failed{}{}", side.title, side.runs.size(),
                     side.runs.size() == 1 ? "" : "s", passed, failed, of.empty() ? "" : "; ",
                     fmt::join(of, ", "));
}

std::string show_pair(const ComparedRuns& pair) {
  const std::string before = outcome(pair.before), after = outcome(pair.after);
  std::string text = fmt::format("{}  {}{}\n", fit(label(either(pair)), 36),
                                 before == after ? before : before + " -> " + after,
                                 pair.new_failure ? "  NEW FAILURE" : "");
  for (const ChangedCheck& check : pair.checks) {
    text += wrap(plain(fmt::format("{}: {} -> {}", check.check, verdict_word(check.before),
                                   verdict_word(check.after))),
                 80, 2);
    if (check.after && check.after->verdict != Verdict::pass && !check.after->reason.empty())
      text += wrap(plain(check.after->reason), 80, 4);
  }
  for (const MovedFigure& moved : pair.moved)
    text += fmt::format("  {:<28} {:>10} -> {}\n", moved.kind->label,
                        format_figure(moved.before, moved.kind->unit),
                        format_figure(moved.after, moved.kind->unit));
  return text;
}

ordered_json to_json(const std::optional<RunRecord>& run) {
  if (!run) return nullptr;
  ordered_json figures = ordered_json::object();
  for (const FigureKind& kind : figure_kinds)
    if (const auto& value = run->figures.*kind.value) figures[kind.name] = *value;
  return {{"suite", run->suite},
          {"name", run->name},
          {"scenario", run->scenario},
          {"provider", run->provider},
          {"broker_product", run->broker_product},
          {"broker_version", run->broker_version},
          {"catalogue_commit", run->catalogue_commit},
          {"begin", format_utc(run->begin)},
          {"outcome", run->outcome},
          {"reason", run->reason},
          {"failing", run->failing()},
          {"figures", figures}};
}

ordered_json to_json(const ComparedRuns& pair) {
  ordered_json checks = ordered_json::array(), moved = ordered_json::array();
  for (const ChangedCheck& check : pair.checks)
    checks.push_back({{"check", check.check},
                      {"before", verdict_word(check.before)},
                      {"after", verdict_word(check.after)},
                      {"reason", check.after ? check.after->reason : ""}});
  for (const MovedFigure& figure : pair.moved)
    moved.push_back(
        {{"figure", figure.kind->name}, {"before", figure.before}, {"after", figure.after}});
  return {{"before", to_json(pair.before)},
          {"after", to_json(pair.after)},
          {"new_failure", pair.new_failure},
          {"checks", checks},
          {"moved", moved}};
}

}  // namespace

bool ComparedRuns::changed() const { return rank(*this) < 4; }

ComparedSide read_side(const fs::path& results, const std::string& what) {
  if (what.empty()) throw RunsError("name two suites or two runs: one of them is empty");
  const fs::path named = place_of(results, what);
  if (!is_folder(named))
    throw RunsError(fmt::format("there is no suite or run '{}': it is neither a folder nor in '{}'",
                                plain(what), results.string()));
  const fs::path place = fs::canonical(named);
  ComparedSide side;
  side.one_run = is_run(place);
  if (side.one_run) {
    side.title = place.parent_path().filename().string() + "/" + place.filename().string();
    side.runs.push_back(read_run(place));
    return side;
  }
  side.title = place.filename().string();
  for (const RunFolder& run : runs_of_suite(place.parent_path(), side.title))
    add_run_of_suite(run.path, side);
  if (side.runs.empty()) throw RunsError(fmt::format("'{}' holds no run", plain(what)));
  return side;
}

std::vector<ComparedRuns> compare(const ComparedSide& before, const ComparedSide& after) {
  std::vector<ComparedRuns> pairs;
  if (before.one_run != after.one_run)
    throw RunsError("one is a run and the other a suite: name two of a kind");
  if (before.one_run) return {make_pair(before.runs.front(), after.runs.front())};
  std::map<std::string, std::pair<std::optional<RunRecord>, std::optional<RunRecord>>> by_name;
  for (const RunRecord& run : before.runs) by_name[name_of(run, before)].first = run;
  for (const RunRecord& run : after.runs) by_name[name_of(run, after)].second = run;
  for (auto& [name, both] : by_name)
    pairs.push_back(make_pair(std::move(both.first), std::move(both.second)));
  std::ranges::stable_sort(pairs, {}, rank);
  return pairs;
}

bool has_new_failure(const std::vector<ComparedRuns>& pairs) {
  return std::ranges::any_of(pairs, &ComparedRuns::new_failure);
}

std::string show_comparison(const ComparedSide& before, const ComparedSide& after,
                            const std::vector<ComparedRuns>& pairs) {
  std::string text =
      wrap(plain("A  " + describe(before)), 80, 0) + wrap(plain("B  " + describe(after)), 80, 0);
  std::size_t same = 0;
  for (const ComparedRuns& pair : pairs) {
    if (pair.changed())
      text += "\n" + show_pair(pair);
    else
      ++same;
  }
  return text + fmt::format("\n{} of {} unchanged\n", same, pairs.size());
}

std::string comparison_json(const ComparedSide& before, const ComparedSide& after,
                            const std::vector<ComparedRuns>& pairs) {
  ordered_json list = ordered_json::array();
  for (const ComparedRuns& pair : pairs) list.push_back(to_json(pair));
  return ordered_json{{"before", before.title},
                      {"after", after.title},
                      {"new_failure", has_new_failure(pairs)},
                      {"pairs", list}}
             .dump(2, ' ', false, ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace faultline
