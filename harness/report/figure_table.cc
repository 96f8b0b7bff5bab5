#include "harness/report/figure_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/repetitions.h"
#include "harness/report/version_table.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t narrowest_label = 6;  // "Figure"
constexpr std::size_t widest_label = 8;

// A label too long for its column has a line of its own above its row.
bool stands_above(const Scenario& scenario) { return figure_label(scenario).size() > widest_label; }

std::string label_in_row(const Scenario& scenario) {
  return stands_above(scenario) ? "" : figure_label(scenario);
}

std::size_t label_width(const SuiteResult& suite) {
  std::size_t width = narrowest_label;
  for (const RunResult& run : suite.runs)
    width = std::max(width, label_in_row(run.scenario).size());
  return width;
}

std::string row(std::size_t width, std::string_view label, std::string_view documented_writes,
                std::string_view writes, std::string_view documented_reads, std::string_view reads,
                std::string_view documented_loss, std::string_view loss, std::string_view verdict) {
  return fmt::format("{:<{}}  {:<10}  {:<8}  {:<10}  {:<8}  {:<4}  {:<7}  {}\n", label, width,
                     documented_writes, writes, documented_reads, reads, documented_loss, loss,
                     verdict);
}

// Where some did not run, so that nobody takes the rest for the whole page.
std::string figures_that_ran(const std::vector<Repetitions>& rows) {
  constexpr int figures_of_the_page = 18;
  const auto did_not = [](std::string_view outcome) {
    return [outcome](const Repetitions& row) {
      return row.count(outcome) == std::max(row.asked_for(), row.runs.size());
    };
  };
  const auto skipped = std::ranges::count_if(rows, did_not("skipped"));
  const auto not_run = std::ranges::count_if(rows, did_not("not run"));
  if (skipped + not_run == 0) return "";
  const auto ran = std::ranges::count_if(rows, [&](const Repetitions& row) {
    return !row.worst().scenario.figure.empty() && !did_not("skipped")(row) &&
           !did_not("not run")(row);
  });
  return fmt::format("{} of the page's {} figures ran{}{}\n", ran, figures_of_the_page,
                     skipped == 0 ? "" : fmt::format(", {} skipped", skipped),
                     not_run == 0 ? "" : fmt::format(", {} not run", not_run));
}

// With its count, where that fits.
std::string verdict_cell(const Repetitions& row) {
  constexpr std::size_t widest = 11;  // "interrupted"
  const std::string counted = counted_outcome(row);
  return counted.size() <= widest ? counted : std::string(row.outcome());
}

std::string legend(const Repetitions& row, std::size_t width) {
  const RunResult& run = row.worst();
  const Scenario& scenario = run.scenario;
  const std::string text =
      fmt::format("{}{}{}", scenario.name, scenario.title.empty() ? "" : ": ", scenario.title);
  std::string lines = wrap(text, columns, width + 2);
  lines.replace(0, width, fmt::format("{:<{}}", label_in_row(scenario), width));
  for (const std::string& more :
       {row.sentence(), needs_reason(run) ? reason_line(run) : "", known_issue_line(run)})
    if (!more.empty()) lines += wrap(more, columns, width + 4);
  for (const RunResult* one : row.runs)
    if (const auto retries = retries_line(*one); !retries.empty())
      lines += wrap(row.repeated() ? fmt::format("run {}: {}", one->repetition, retries) : retries,
                    columns, width + 4);
  return lines;
}

std::string table_of_one_version(const SuiteResult& suite) {
  const std::vector<Repetitions> rows = by_scenario(suite);
  const std::size_t width = label_width(suite);
  std::string table = fmt::format("{:<{}}  {:<20}  {:<20}  Loss\n", "", width, "Writes", "Reads");
  table += row(width, "Figure", "documented", "observed", "documented", "observed", "doc.", "seen",
               "Verdict");
  for (const Repetitions& row_of : rows) {
    const Scenario& scenario = row_of.worst().scenario;
    const Expectations& promised = scenario.expectations;
    if (stands_above(scenario)) table += figure_label(scenario) + "\n";
    table += row(width, label_in_row(scenario), documented_word(promised.writes),
                 observed_word(row_of.worst_writes(), "availability.writes"),
                 documented_word(promised.reads), observed_reads(row_of.worst_reads()),
                 documented_word(promised.loss), observed_loss(row_of.worst_loss()),
                 verdict_cell(row_of));
  }
  table += figures_that_ran(rows) + "\n";
  for (const Repetitions& row_of : rows) table += legend(row_of, width);
  return table;
}

}  // namespace

std::string figure_table(const SuiteResult& suite) {
  const VersionTable versions = by_version(suite);
  if (versions.rows.empty()) return table_of_one_version(suite);
  std::string tables = version_table(suite);
  for (std::size_t column = 0; column < versions.columns.size(); ++column) {
    SuiteResult part = suite;
    part.runs.clear();
    for (const VersionTable::Row& row : versions.rows)
      if (row.cells[column])
        for (const RunResult* run : row.cells[column]->runs) part.runs.push_back(*run);
    tables += fmt::format("\n{}\n{}", versions.columns[column], table_of_one_version(part));
  }
  return tables;
}

}  // namespace faultline
