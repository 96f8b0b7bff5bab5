#include "harness/report/page/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/report/page/document.h"
#include "harness/report/page/html.h"
#include "harness/report/redact.h"
#include "harness/report/version_table.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

constexpr std::size_t longest = 300;

struct Part {
  std::string name;
  std::vector<Repetitions> rows;
};

struct Table {
  std::string name;  // "nats 2.12.15, provider kind"
  std::vector<Part> parts;
};

// The page's three headings; what is no figure of it comes last.
std::string part_of(const Scenario& scenario) {
  if (scenario.figure.starts_with("1.")) return "1. Brokers";
  if (scenario.figure.starts_with("2.")) return "2. Kubernetes workers";
  if (scenario.figure.starts_with("3.")) return "3. Storage volumes";
  return "Beyond the page";
}

std::vector<Table> tables(const SuiteResult& suite) {
  std::vector<Table> all;
  const std::vector<Repetitions> rows = by_scenario(suite);
  for (const Repetitions& row : rows) {
    const RunResult& run = *row.runs.front();
    const std::string version = broker_version(row, rows);
    const std::string name =
        shortened(fmt::format("{} {}, provider {}", run.broker_product,
                              version.empty() ? "(default)" : version, run.provider),
                  longest);
    auto table = std::ranges::find(all, name, &Table::name);
    if (table == all.end()) table = all.insert(all.end(), {name, {}});
    const std::string heading = part_of(run.scenario);
    auto part = std::ranges::find(table->parts, heading, &Part::name);
    if (part == table->parts.end()) part = table->parts.insert(table->parts.end(), {heading, {}});
    part->rows.push_back(row);
  }
  for (Table& table : all) std::ranges::stable_sort(table.parts, {}, &Part::name);
  return all;
}

std::string figure_of(const Scenario& scenario) {
  return shortened(figure_label(scenario), longest);
}

std::string title_of(const Scenario& scenario) {
  return shortened(scenario.title.empty() ? scenario.name : scenario.title, longest);
}

std::string page_of(const RunResult& run) {
  return relative_url(run.folder.filename().string()) + "/" + run_page_name;
}

std::string_view or_dash(std::string_view word) { return word == "-" ? "–" : word; }

std::map<std::string, std::size_t> outcome_counts(const SuiteResult& suite) {
  std::map<std::string, std::size_t> counts;
  for (const RunResult& run : suite.runs) ++counts[std::string(outcome_word(run))];
  return counts;
}

// "18 runs: 17 pass, 1 fail", and what went wrong with the suite itself.
std::string summary(const SuiteResult& suite) {
  std::string words;
  for (const auto& [outcome, count] : outcome_counts(suite))
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, outcome);
  return fmt::format("{} {}{}{}", suite.runs.size(), suite.runs.size() == 1 ? "run" : "runs",
                     words.empty() ? "" : ": ", words);
}

std::vector<std::string> remarks(const SuiteResult& suite) {
  std::vector<std::string> all;
  if (suite.interrupted)
    all.emplace_back("The suite was interrupted: what was to follow did not run.");
  if (!suite.problem.empty())
    all.push_back("The suite broke off: " + shortened(suite.problem, longest));
  return all;
}

// What stands below the title: which runs came to the verdict and why, and what was retried.
std::vector<std::string> remarks(const Repetitions& row) {
  std::vector<std::string> all;
  if (row.repeated()) all.push_back(row.sentence());
  if (needs_reason(row.worst())) all.push_back(shortened(reason_line(row.worst()), longest));
  for (const RunResult* run : row.runs)
    if (const auto line = retries_line(*run); !line.empty())
      all.push_back(shortened(
          row.repeated() ? fmt::format("run {}: {}", run->repetition, line) : line, longest));
  return all;
}

// Each run by its number; nothing unless it was repeated.
Html links_to_each(const Repetitions& row) {
  Html links;
  if (!row.repeated()) return links;
  for (const RunResult* run : row.runs) {
    const std::string name = fmt::format("Run {}: {}", run->repetition, outcome_word(*run));
    links += " ";
    links += element("a", {{"href", page_of(*run)}, {"aria-label", name}, {"title", name}},
                     {std::to_string(run->repetition)});
  }
  return element("div", {{"class", "why"}}, {"Runs:", links});
}

Html html_row(const Repetitions& row) {
  const RunResult& worst = row.worst();
  const Expectations& promised = worst.scenario.expectations;
  const auto cell = [&](std::string_view word) { return tag("td", {or_dash(word)}); };
  const auto seen = [&](const RunResult& run, std::string_view word) {
    return tag("td", {element("a", {{"href", page_of(run)}}, {or_dash(shortened(word, longest))})});
  };
  Html why;
  for (const std::string& remark : remarks(row))
    why += element("div", {{"class", "why"}}, {remark});
  why += links_to_each(row);
  if (const KnownIssue* issue = known_issue(worst))
    why += element("div", {{"class", "why"}},
                   {"known: ", link(issue->url, shortened(issue->id, longest))});
  const Html share = row.repeated() ? Html(" " + row.share()) : Html();
  return tag(
      "tr",
      {element("th", {{"scope", "row"}}, {figure_of(worst.scenario)}),
       tag("td", {element("a", {{"href", page_of(worst)}}, {outcome_badge(row.outcome())}), share}),
       tag("td", {element("a", {{"href", page_of(worst)}}, {title_of(worst.scenario)}), why}),
       cell(documented_word(promised.writes)),
       seen(row.worst_writes(), observed_word(row.worst_writes(), "availability.writes")),
       cell(documented_word(promised.reads)),
       seen(row.worst_reads(), observed_reads(row.worst_reads())),
       cell(documented_word(promised.loss)),
       seen(row.worst_loss(), observed_loss(row.worst_loss()))});
}

Html html_table(const Table& table) {
  const auto column = [](const char* name) { return element("th", {{"scope", "col"}}, {name}); };
  const auto group = [](const char* name) {
    return element("th", {{"scope", "colgroup"}, {"colspan", "2"}}, {name});
  };
  const auto tall = [](const char* name) {
    return element("th", {{"scope", "col"}, {"rowspan", "2"}}, {name});
  };
  Html all = tag("caption", {table.name});
  all += tag("thead", {tag("tr", {tall("Figure"), tall("Verdict"), tall("What is down"),
                                  group("Writes"), group("Reads"), group("Loss")}),
                       tag("tr", {column("documented"), column("observed"), column("documented"),
                                  column("observed"), column("documented"), column("observed")})});
  for (const Part& part : table.parts) {
    Html rows = element("tr", {{"class", "part"}},
                        {element("th", {{"scope", "rowgroup"}, {"colspan", "9"}}, {part.name})});
    for (const Repetitions& row : part.rows) rows += html_row(row);
    all += tag("tbody", {rows});
  }
  return element(
      "div", {{"class", "wide"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", table.name}},
      {element("table", {{"class", "failover"}}, {all})});
}

constexpr const char* by_version_title = "Every version";

// Empty where there is one version.
Html html_versions(const VersionTable& table) {
  if (table.rows.empty()) return {};
  Html head = element("th", {{"scope", "col"}}, {"Figure"});
  for (const std::string& name : table.columns)
    head += element("th", {{"scope", "col"}}, {shortened(name, longest)});
  Html rows;
  for (const VersionTable::Row& row : table.rows) {
    Html cells = element("th", {{"scope", "row"}}, {figure_of(row.first->scenario)});
    for (const auto& cell : row.cells)
      cells += cell ? tag("td", {element("a", {{"href", page_of(cell->worst())}},
                                         {outcome_badge(cell->outcome())}),
                                 cell->repeated() ? " " + cell->share() : ""})
                    : tag("td", {"–"});
    rows += tag("tr", {cells});
  }
  return element(
      "div",
      {{"class", "wide"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", by_version_title}},
      {element("table", {{"class", "failover versions"}},
               {tag("caption", {by_version_title}), tag("thead", {tag("tr", {head})}),
                tag("tbody", {rows})})});
}

const char* sign_of(const Repetitions& row) {
  const std::string_view outcome = row.outcome();
  return outcome == "pass"      ? (needs_reason(row.worst()) ? "⚠️" : "✅")
         : outcome == "fail"    ? "❌"
         : outcome == "unknown" ? "❓"
                                : "➖";
}

std::string markdown_versions(const VersionTable& table) {
  if (table.rows.empty()) return "";
  std::string out = fmt::format("\n### {}\n\n| Figure |", by_version_title);
  for (const std::string& name : table.columns) out += fmt::format(" {} |", markdown_text(name));
  out += "\n|---|";
  for (std::size_t i = 0; i < table.columns.size(); ++i) out += "---|";
  for (const VersionTable::Row& row : table.rows) {
    out += fmt::format("\n| {} |", markdown_text(figure_of(row.first->scenario)));
    for (const auto& cell : row.cells)
      out +=
          cell ? fmt::format(" {} {} |", sign_of(*cell), counted_outcome(*cell)) : " – |";
  }
  return out + "\n";
}

std::string markdown_row(const Repetitions& row, Links links) {
  const RunResult& worst = row.worst();
  const Expectations& promised = worst.scenario.expectations;
  const auto text = [](std::string_view word) {
    return markdown_text(or_dash(shortened(word, longest)));
  };
  std::string why;
  for (const std::string& remark : remarks(row)) why += "<br>" + markdown_text(remark);
  if (const std::string known = known_issue_line(worst); !known.empty())
    why += "<br>" + text(known);
  const std::string_view outcome = row.outcome();
  const std::string title =
      links == Links::to_pages
          ? fmt::format("[{}]({})", text(title_of(worst.scenario)), page_of(worst))
          : fmt::format("{} ({})", text(title_of(worst.scenario)),
                        text(worst.folder.filename().string()));
  return fmt::format("| {} | {}{} | {} | {} | {} | {} | {} | {} | {} {}{} |\n",
                     text(figure_of(worst.scenario)), title, why,
                     text(documented_word(promised.writes)),
                     text(observed_word(row.worst_writes(), "availability.writes")),
                     text(documented_word(promised.reads)), text(observed_reads(row.worst_reads())),
                     text(documented_word(promised.loss)), text(observed_loss(row.worst_loss())),
                     sign_of(row), outcome, row.repeated() ? " " + row.share() : "");
}

}  // namespace

std::string markdown_text(std::string_view raw) {
  std::string out;
  for (const char c : clean_text(redact(raw))) {
    if (c == '\n' || c == '\t')
      out += ' ';
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (std::string_view("\\`*_{}[]()#|~!@$:").find(c) != std::string_view::npos)
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c;
  }
  return out;
}

std::string suite_page(const SuiteResult& suite) {
  Html body = tag("header", {tag("h1", {"Suite " + shortened(suite.name, longest)}),
                             element("p", {{"class", "verdict"}}, {summary(suite)})});
  Html problems;
  for (const std::string& remark : remarks(suite)) problems += tag("li", {remark});
  if (!problems.empty()) body += element("ul", {{"class", "problems"}}, {problems});
  body +=
      tag("p",
          {"What the documentation of the broker promises while something is down, beside what was "
           "observed. Each row leads to its run."});
  body += html_versions(by_version(suite));
  for (const Table& table : tables(suite)) body += html_table(table);
  return document("Faultline: " + summary(suite), body);
}

std::string suite_markdown(const SuiteResult& suite, Links links) {
  std::string out =
      fmt::format("## Faultline {}\n\n{}\n", markdown_text(suite.name), summary(suite));
  for (const std::string& remark : remarks(suite)) out += "\n" + markdown_text(remark) + "\n";
  out += markdown_versions(by_version(suite));
  for (const Table& table : tables(suite)) {
    out += fmt::format("\n### {}\n\n", markdown_text(table.name));
    out +=
        "| Figure | What is down | Writes documented | Writes observed | Reads documented | Reads "
        "observed "
        "| Loss documented | Loss observed | Verdict |\n|---|---|---|---|---|---|---|---|---|\n";
    for (const Part& part : table.parts) {
      out += fmt::format("| **{}** | | | | | | | | |\n", markdown_text(part.name));
      for (const Repetitions& row : part.rows) out += markdown_row(row, links);
    }
  }
  return out;
}

}  // namespace faultline
