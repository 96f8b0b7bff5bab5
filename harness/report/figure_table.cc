#include "harness/report/figure_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/words.h"

namespace faultline {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t narrowest_label = 6;  // "Figure"
constexpr std::size_t widest_label = 8;

const std::string& own_label(const Scenario& scenario) {
  return scenario.figure.empty() ? scenario.name : scenario.figure;
}

// A label too long for its column has a line of its own above its row.
bool stands_above(const Scenario& scenario) { return own_label(scenario).size() > widest_label; }

std::string label_in_row(const Scenario& scenario) {
  return stands_above(scenario) ? "" : own_label(scenario);
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

// Where some were skipped, so that nobody takes the rest for the whole page.
std::string figures_that_ran(const SuiteResult& suite) {
  constexpr int figures_of_the_page = 18;
  const auto is_skipped = [](const RunResult& run) { return run.status == RunStatus::skipped; };
  if (std::ranges::none_of(suite.runs, is_skipped)) return "";
  const auto ran = std::ranges::count_if(suite.runs, [&](const RunResult& run) {
    return !run.scenario.figure.empty() && !is_skipped(run);
  });
  return fmt::format("{} of the page's {} figures ran, {} skipped\n", ran, figures_of_the_page,
                     std::ranges::count_if(suite.runs, is_skipped));
}

std::string legend(const RunResult& run, std::size_t width) {
  const Scenario& scenario = run.scenario;
  const std::string text =
      fmt::format("{}{}{}", scenario.name, scenario.title.empty() ? "" : ": ", scenario.title);
  std::string lines = wrap(text, columns, width + 2);
  lines.replace(0, width, fmt::format("{:<{}}", label_in_row(scenario), width));
  const bool explained = run.status != RunStatus::judged || run.judgement.verdict != Verdict::pass;
  if (explained) lines += wrap(reason_line(run), columns, width + 4);
  if (const auto known = known_issue_line(run); !known.empty())
    lines += wrap(known, columns, width + 4);
  return lines;
}

}  // namespace

std::string figure_table(const SuiteResult& suite) {
  const std::size_t width = label_width(suite);
  std::string table = fmt::format("{:<{}}  {:<20}  {:<20}  Loss\n", "", width, "Writes", "Reads");
  table += row(width, "Figure", "documented", "observed", "documented", "observed", "doc.", "seen",
               "Verdict");
  for (const RunResult& run : suite.runs) {
    const Expectations& promised = run.scenario.expectations;
    if (stands_above(run.scenario)) table += own_label(run.scenario) + "\n";
    table += row(width, label_in_row(run.scenario), documented_word(promised.writes),
                 observed_word(run, "availability.writes"), documented_word(promised.reads),
                 observed_reads(run), documented_word(promised.loss), observed_loss(run),
                 outcome_word(run));
  }
  table += figures_that_ran(suite) + "\n";
  for (const RunResult& run : suite.runs) table += legend(run, width);
  return table;
}

}  // namespace faultline
