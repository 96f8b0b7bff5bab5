#include "harness/report/version_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "harness/report/words.h"

namespace faultline {
namespace {

constexpr std::size_t widest = 80;
constexpr std::size_t gap = 2;

using ProductVersion = std::pair<std::string, std::string>;  // product and version

bool same_row(const RunResult& a, const RunResult& b) {
  return a.scenario.name == b.scenario.name && a.provider == b.provider;
}

// Its place in `all`, which gets it where it has it not yet.
std::size_t place_in(std::vector<ProductVersion>& all, const ProductVersion& one) {
  const auto found = std::ranges::find(all, one);
  if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
  all.push_back(one);
  return all.size() - 1;
}

std::string line(std::size_t label_width, const std::string& label,
                 std::span<const std::string> cells, std::span<const std::size_t> widths) {
  std::string text = fmt::format("{:<{}}", label, label_width);
  for (std::size_t i = 0; i < cells.size(); ++i)
    text += fmt::format("{:{}}{:<{}}", "", gap, cells[i], widths[i]);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string cell_text(const std::optional<Repetitions>& cell) {
  return cell ? counted_outcome(*cell) : "-";
}

// How many columns from `first` on fit beside the labels; at least one.
std::size_t that_fit(std::span<const std::size_t> widths, std::size_t first, std::size_t room) {
  std::size_t used = 0, count = 0;
  while (first + count < widths.size() && used + gap + widths[first + count] <= room)
    used += gap + widths[first + count++];
  return std::max<std::size_t>(count, 1);
}

}  // namespace

VersionTable by_version(const SuiteResult& suite) {
  VersionTable table;
  std::vector<ProductVersion> brokers;
  std::vector<std::pair<std::size_t, Repetitions>> placed;  // by column
  const std::vector<Repetitions> rows = by_scenario(suite);
  for (const Repetitions& row : rows)
    placed.emplace_back(
        place_in(brokers, {row.runs.front()->broker_product, broker_version(row, rows)}), row);
  if (brokers.size() < 2) return table;
  const bool one_product = std::ranges::all_of(
      brokers, [&](const ProductVersion& b) { return b.first == brokers[0].first; });
  for (const auto& [product, version] : brokers) {
    const std::string known = version.empty() ? "(default)" : version;
    table.columns.push_back(one_product ? known : product + " " + known);
  }
  for (auto& [column, repetitions] : placed) {
    const RunResult& run = *repetitions.runs.front();
    auto row = std::ranges::find_if(table.rows, [&](const VersionTable::Row& other) {
      return !other.cells[column] && same_row(run, *other.first);
    });
    if (row == table.rows.end())
      row = table.rows.insert(row,
                              {&run, std::vector<std::optional<Repetitions>>(brokers.size())});
    row->cells[column] = std::move(repetitions);
  }
  return table;
}

std::string counted_outcome(const Repetitions& row) {
  const std::string word(row.outcome());
  return row.repeated() ? fmt::format("{} {}/{}", word, row.count(word), row.asked_for()) : word;
}

std::string version_table(const SuiteResult& suite) {
  const VersionTable table = by_version(suite);
  if (table.rows.empty()) return "";
  std::size_t label_width = 6;
  for (const auto& row : table.rows)
    label_width = std::max(label_width, figure_label(row.first->scenario).size());
  label_width = std::min(label_width, widest / 2);
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    widths.push_back(table.columns[i].size());
    for (const auto& row : table.rows)
      widths[i] = std::max(widths[i], cell_text(row.cells[i]).size());
  }
  std::string text;
  for (std::size_t first = 0; first < table.columns.size();) {
    const std::size_t count = that_fit(widths, first, widest - label_width);
    const auto part = [&](const auto& of_all) { return std::span(of_all).subspan(first, count); };
    if (first > 0) text += "\n";
    text += line(label_width, "Figure", part(table.columns), part(widths));
    for (const auto& row : table.rows) {
      std::vector<std::string> cells;
      for (const auto& cell : row.cells) cells.push_back(cell_text(cell));
      const std::string label = figure_label(row.first->scenario).substr(0, label_width);
      text += line(label_width, label, part(std::as_const(cells)), part(widths));
    }
    first += count;
  }
  return text;
}

}  // namespace faultline
